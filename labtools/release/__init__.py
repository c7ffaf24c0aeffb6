"""`labs release`: one zip with everything that a student gets, and nothing else.

`contents` gathers the files, `practices` takes the hidden cases out of the practice modules,
`inspection` looks through every file for what a student must not see, `archive` writes the zip.
The folder ``student/`` holds what stands in the zip and nowhere else: its README, its pyproject.
"""
