"""The trusted side of the sandbox: its walls from outside, and what is said through them."""
