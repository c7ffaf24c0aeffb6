"""What students handed in: found, told apart, and opened. Nothing here runs it."""
