"""What runs inside the sandbox. Nothing here is trusted once a student's cell has run.

This folder is copied into the sandbox on its own and imports nothing of the rest of `labtools`.
"""
