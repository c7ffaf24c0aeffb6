"""Programs that students could have written for the practices of labs 4 to 6.

Each module holds ``RIGHT``, a dict from a style to a program, and ``WRONG``, a dict from what is
wrong to a pair: the program, and the mistake that the feedback must name (None where any refusal
will do, because the program is no known mistake).
"""

from __future__ import annotations


def edit(program: str, *changes: tuple[str, str]) -> str:
    """The program with pieces of text replaced; each piece must occur in it.

    Raises
    ------
    ValueError
        If a piece does not occur, so that a mistake is never left out by accident.
    """
    for old, new in changes:
        if old not in program:
            raise ValueError(f"{old!r} does not occur in:\n{program}")
        program = program.replace(old, new)
    return program
