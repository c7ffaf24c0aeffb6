"""Submissions that try the grader: honest but untidy ones, cheats, and hostile or broken ones."""
