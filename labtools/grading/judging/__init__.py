"""What is asked of a submission, what it answers, and what that is worth."""
