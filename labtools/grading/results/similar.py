"""`labs similar`: which answers to a lab are alike beyond what the lab itself makes alike."""

import argparse
import builtins
import csv
import io
import json
import keyword
import sys
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from labchecks.cells import Cell, answers, text_of
from labtools.grading.handed_in.persons import TableError
from labtools.grading.journal import Journal, write_whole
from labtools.grading.records import visible
from labtools.grading.results.hand_over import find_lab
from labtools.grading.results.tables import safe

#: So many tokens in a row are compared: fewer stand in any two programs.
RUN_OF_TOKENS = 6
#: An answer with fewer such runs of its own is too short for a likeness to mean anything.
SHORTEST = 40

_KEPT = frozenset([*keyword.kwlist, *dir(builtins)])

_WARNING = """\
A likeness is a place to look, no verdict. Right answers to a short task are alike by nature, and so
are those of students who read the same tutorial or were helped by the same tutor. Names, comments,
strings and layout are not compared: who renamed every variable is found, who rewrote the program
is not.
"""


class Pair(NamedTuple):
    """Two students whose answers are alike.

    Attributes
    ----------
    one, other : str
        Their ids.
    likeness : float
        From 0, nothing in common but what the lab gives, to 1, the same program.
    practices : tuple of str
        The practices that are most alike, with their likeness, the most alike first.
    """

    one: str
    other: str
    likeness: float
    practices: tuple[tuple[str, float], ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = "Rank the pairs of students whose answers to a lab are most alike."
    parser.epilog = _WARNING
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="the folder with the grades of `labs grade`"
    )
    parser.add_argument("--lab", help="the lab, where DIR has grades of several: 5 or lab05")
    parser.add_argument(
        "--most", type=int, default=20, metavar="N", help="pairs to list (default: 20)"
    )


def run(arguments: argparse.Namespace) -> int:
    """List the pairs and write `similar.csv`; return 0, or 2 where there is nothing to compare."""
    folder: Path = arguments.folder
    try:
        stem = find_lab(folder, arguments.lab)
        with Journal(folder, stem) as journal:
            programs = {
                student: programs_of(journal.notebook(student))
                for student in journal.listed
                if journal.notebook(student).is_file()
            }
        released = programs_of(folder / "release" / stem / f"{stem}.ipynb", whole=True)
        pairs, short = alike(programs, released[""], arguments.most)
        _write(folder / "similar.csv", stem, pairs)
    except TableError as error:
        print(f"labs similar: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"labs similar: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    _show(stem, pairs, len(programs), short)
    print(f"\n{_WARNING}\nWritten: {folder / 'similar.csv'}")
    return 0


def programs_of(path: Path, whole: bool = False) -> dict[str, str]:
    """The code of each practice in a notebook; with `whole`, all its code under ``""``."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells: Sequence[Cell] = notebook["cells"]
    if whole:
        return {"": "\n".join(text_of(c) for c in cells if c["cell_type"] == "code")}
    return {
        practice: "\n".join(text_of(cells[k]) for k in places if cells[k]["cell_type"] == "code")
        for practice, places in answers(notebook).items()
    }


def alike(
    programs: Mapping[str, Mapping[str, str]], released: str, most: int = 20
) -> tuple[list[Pair], list[str]]:
    """The pairs of students whose answers are most alike, and whose are too short to tell.

    A program is compared by the runs of `RUN_OF_TOKENS` tokens in it, as a vector of their counts
    weighted by how few students have each (TF-IDF); the likeness is the cosine. Runs of the
    released notebook are left out.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    given = set(_runs(released))

    def own(source: str) -> list[str]:
        return [run for run in _runs(source) if run not in given]

    whole = {student: "\n".join(parts.values()) for student, parts in programs.items()}
    short = [student for student, source in whole.items() if len(own(source)) < SHORTEST]
    students = [student for student in whole if student not in set(short)]
    if len(students) < 2:
        return [], short
    vectors = TfidfVectorizer(analyzer=own, sublinear_tf=True)
    matrix = vectors.fit_transform(whole[student] for student in students)
    likeness = np.triu((matrix @ matrix.T).toarray(), 1)
    best = np.argsort(-likeness, axis=None, kind="stable")[:most]
    pairs = []
    for i, j in zip(*np.unravel_index(best, likeness.shape), strict=True):
        if likeness[i, j] > 0:
            one, other = students[i], students[j]
            parts = _by_practice(vectors, programs[one], programs[other])
            pairs.append(Pair(one, other, round(float(likeness[i, j]), 3), parts))
    return pairs, short


def _by_practice(vectors, one: Mapping[str, str], other: Mapping[str, str]):
    names = [name for name in one if name in other]
    a, b = (vectors.transform([parts[name] for name in names]) for parts in (one, other))
    found = zip(names, a.multiply(b).sum(axis=1).A1, strict=True)
    ranked = sorted(((name, round(float(share), 3)) for name, share in found), key=lambda r: -r[1])
    return tuple(row for row in ranked if row[1] > 0)


def _runs(source: str) -> list[str]:
    tokens = list(_tokens(source))
    return [" ".join(tokens[k : k + RUN_OF_TOKENS]) for k in range(len(tokens) - RUN_OF_TOKENS + 1)]


def _tokens(source: str) -> Iterator[str]:
    """The tokens that matter: what a name is does not, unless Python or a library gave it."""
    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                known = token.string in _KEPT or before == "."
                yield token.string if known else "name"
            elif token.type in (tokenize.OP, tokenize.NUMBER):
                yield token.string
            elif token.type == tokenize.STRING:
                yield "text"
            before = token.string
    except (tokenize.TokenError, SyntaxError):
        return  # what comes after a line that is no Python is not compared


def _write(path: Path, stem: str, pairs: Sequence[Pair]) -> None:
    made = io.StringIO(newline="")
    rows = csv.writer(made)
    rows.writerow(["lab", "one", "other", "likeness", "practices"])
    for pair in pairs:
        told = "; ".join(f"{name} {share:.2f}" for name, share in pair.practices)
        rows.writerow([stem, safe(pair.one), safe(pair.other), f"{pair.likeness:.3f}", told])
    write_whole(path, made.getvalue())


def _show(stem: str, pairs: Sequence[Pair], handed_in: int, short: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 110)
    table = Table(title=f"{stem}: {handed_in} handed in", title_justify="left")
    for heading in ("likeness", "students", "most alike in"):
        table.add_column(heading, justify="right" if heading == "likeness" else "left")
    for pair in pairs:
        told = ", ".join(f"{name} {share:.2f}" for name, share in pair.practices[:3])
        table.add_row(f"{pair.likeness:.2f}", visible(f"{pair.one} · {pair.other}"), told)
    console.print(
        table if pairs else f"{stem}: no two answers have anything of their own in common."
    )
    if short:
        console.print(f"Too short to tell: {len(short)}.", markup=False)
