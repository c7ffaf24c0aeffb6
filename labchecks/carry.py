"""Carry your answers from a lab that you worked in into a newer release of the same lab.

    python -m labchecks.carry OLD NEW

OLD and NEW are notebooks, or folders of notebooks (then each lab of NEW is looked for in OLD). The
result is a new file beside the new lab, ``labNN_…-answered.ipynb``. No existing file is changed:
your old notebook and the new lab stay as they are.

Answers are found by their grade id, which a lab keeps from release to release. Also carried are
your predictions (the ``guess_…`` cells) and the cells that you added, behind the cell that they
followed. Changes to any other cell of the lab are not: they stay in your old notebook.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labchecks.cells import (
    AnswerError,
    Cell,
    Notebook,
    answers,
    grade_id,
    id_of,
    is_untouched,
    read_notebook,
    stub_of,
    text_of,
)

__all__ = ["AnswerError", "Carried", "carry", "main", "read_notebook"]

ENDING = "-answered.ipynb"

# The labs' own cells have ids such as "the-gradient-03"; editors give new cells random ones.
_COURSE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*-\d{2,3}")


@dataclass
class Carried:
    """What became of the answers of one lab, as grade ids in the order of their notebook.

    Attributes
    ----------
    copied : list of str
        Answers that are in the new notebook now.
    reworded : list of str
        Those of them whose task has another stub in the new release: worth reading again.
    untouched : list of str
        Practices that the old notebook has without an answer.
    gone : list of str
        Answers whose practice is not in the new release.
    fresh : list of str
        Practices that the old notebook does not have.
    guesses : list of str
        Names of the predictions that were copied.
    own_cells : int
        How many of the student's own cells were copied.
    unknown : int
        Cells that may be the student's own, in a notebook where that cannot be told; not copied.
    """

    copied: list[str] = field(default_factory=list)
    reworded: list[str] = field(default_factory=list)
    untouched: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    own_cells: int = 0
    unknown: int = 0

    def to_text(self) -> str:
        """Say in lines what was carried and what was not."""
        own = f"{self.own_cells} of your own cells" if self.own_cells else ""
        unknown = f"{self.unknown} cells that are not in the new lab" if self.unknown else ""
        lines = [
            ("copied", self.copied),
            ("copied, but the task has changed: read it again", self.reworded),
            ("not answered in the old notebook", self.untouched),
            ("no longer in the lab (the answer stays in the old notebook)", self.gone),
            ("new in this release", self.fresh),
            ("predictions copied", self.guesses),
            ("also copied", [own] if own else []),
            (
                "left in the old notebook, whose cells have lost their ids, so that nobody can "
                "tell yours from the lab's",
                [unknown] if unknown else [],
            ),
        ]
        return "\n".join(f"  {text}: {', '.join(names)}" for text, names in lines if names)


def carry(old: Notebook, new: Notebook) -> tuple[Notebook, Carried]:
    """Copy the answers in `old` into a copy of `new`.

    Parameters
    ----------
    old, new : dict
        Notebooks as :func:`read_notebook` gives them. Neither is changed.

    Returns
    -------
    notebook, report
        The new lab with the answers in it, and what was copied.
    """
    notebook, report = copy.deepcopy(new), Carried()
    places = {grade_id(cell): cell for cell in notebook["cells"] if grade_id(cell)}
    stubs = {name: stub_of(cell) for name, cell in places.items()}
    surplus = _copy_answers(old, places, stubs, report)
    report.fresh = [name for name in places if name not in answers(old)]
    _copy_guesses(old, notebook, report)
    _copy_own_cells(old, notebook, surplus, report)
    return notebook, report


def _copy_answers(
    old: Notebook, places: dict[str, Cell], stubs: dict[str, str], report: Carried
) -> list[int]:
    """Fill `places`; return the positions of further answers to the same practice."""
    surplus: list[int] = []
    for name, positions in answers(old).items():
        cells = [(position, old["cells"][position]) for position in positions]
        place = places.get(name)
        stub = None if place is None else text_of(place)
        tried = [(at, cell) for at, cell in cells if not is_untouched(cell, stub)]
        if not tried:
            report.untouched += [name] if place is not None else []
        elif place is None:
            report.gone.append(name)
        else:
            first = tried[0][1]
            report.copied.append(name)
            if stub_of(first) and stub_of(first) != stubs[name]:
                report.reworded.append(name)
            place["source"] = copy.deepcopy(first["source"])
            if first.get("attachments"):
                place["attachments"] = copy.deepcopy(first["attachments"])
            # A pasted copy of a practice cell keeps its grade id.
            surplus += [at for at, _ in tried[1:]]
    return surplus


def _copy_guesses(old: Notebook, notebook: Notebook, report: Carried) -> None:
    made = {}
    for cell in old["cells"]:
        guess = _guess(cell)
        if guess is not None and guess[1] is not None:
            made[guess[0]] = cell["source"]
    changed = {id_of(cell): cell for cell in old["cells"] if _COURSE_ID.fullmatch(id_of(cell))}
    for cell in notebook["cells"]:
        guess = _guess(cell)
        if guess is None:
            continue
        mine = changed.get(id_of(cell))
        if guess[0] in made:
            cell["source"] = copy.deepcopy(made[guess[0]])
        elif mine is not None and _begins_guess(mine, guess[0]):
            cell["source"] = copy.deepcopy(mine["source"])  # with more in it than the guess
        else:
            continue
        report.guesses.append(guess[0])


def _copy_own_cells(
    old: Notebook, notebook: Notebook, surplus: Sequence[int], report: Carried
) -> None:
    # Some tools drop the cells' ids: then nobody can say whose a cell is.
    known = any(_COURSE_ID.fullmatch(id_of(cell)) for cell in old["cells"])
    taken = {id_of(cell) for cell in notebook["cells"]}
    texts = {text_of(cell).strip() for cell in notebook["cells"]} | {""}
    behind: dict[str, list[Cell]] = {}
    anchor = ""
    seen: set[str] = set()
    for position, cell in enumerate(old["cells"]):
        name = grade_id(cell, True) or (id_of(cell) if _COURSE_ID.fullmatch(id_of(cell)) else "")
        # The second cell of one id is a copy that the student made and may have changed.
        again = name in seen and position not in surplus and not grade_id(cell)
        if position in surplus or (known and (not name or again)):
            if text_of(cell).strip() and not (again and text_of(cell).strip() in texts):
                behind.setdefault(anchor, []).append(_plain_copy(cell, taken))
                report.own_cells += 1
        elif name:
            seen.add(name)
            anchor = name if name in taken else anchor
        elif text_of(cell).strip() not in texts:
            report.unknown += 1
    cells = list(behind.get("", []))
    for cell in notebook["cells"]:
        cells += [cell, *behind.get(id_of(cell), [])]
    notebook["cells"] = cells


def _plain_copy(cell: Cell, taken: set[str]) -> Cell:
    """The cell without its outputs and metadata, under an id that is not taken."""
    number, name = 1, re.sub(r"[^A-Za-z0-9_-]", "-", id_of(cell))[:60] or "own"
    identity = name
    while identity in taken:
        number += 1
        identity = f"{name}-{number}"
    taken.add(identity)
    kind = cell["cell_type"]
    fresh: Cell = {"cell_type": kind, "id": identity, "metadata": {}}
    fresh["source"] = copy.deepcopy(cell["source"])
    if kind == "code":
        fresh |= {"execution_count": None, "outputs": []}
    elif cell.get("attachments"):
        fresh["attachments"] = copy.deepcopy(cell["attachments"])
    return fresh


# What a cell is -------------------------------------------------------------------------------


def _guess(cell: Cell) -> tuple[str, object] | None:
    """Name and value of a cell that is nothing but ``guess_… = constant``."""
    if cell["cell_type"] != "code" or grade_id(cell):
        return None
    try:
        body = ast.parse(text_of(cell)).body
    except (SyntaxError, ValueError):
        return None
    if len(body) != 1 or not isinstance(body[0], ast.Assign) or len(body[0].targets) != 1:
        return None
    target = body[0].targets[0]
    if not isinstance(target, ast.Name) or not target.id.startswith("guess"):
        return None
    # Anything but a constant, such as -3 or 2 * 60, is a guess too.
    value = body[0].value
    return target.id, value.value if isinstance(value, ast.Constant) else ...


def _begins_guess(cell: Cell, name: str) -> bool:
    """Whether a line of the cell gives the guess of this name a value."""
    return re.search(rf"^{name}\s*=(?!=)\s*(?!None\b)\S", text_of(cell), re.MULTILINE) is not None


# The command ----------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """Carry the answers of one lab or of a folder of labs; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m labchecks.carry",
        description="Carry your answers from an old copy of a lab into a new release of it. "
        "No existing file is changed.",
    )
    parser.add_argument("old", type=Path, metavar="OLD", help="your notebook, or a folder of them")
    parser.add_argument("new", type=Path, metavar="NEW", help="the new lab, or a folder of them")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"file to write (default: beside NEW, its name with {ENDING}); for one notebook",
    )
    arguments = parser.parse_args(argv)
    try:
        pairs = _pairs(arguments.old, arguments.new)
        if arguments.out and len(pairs) > 1:
            raise AnswerError("--out names one file: give one notebook as OLD and one as NEW")
    except AnswerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    failed = False
    for old, new in pairs:
        out = arguments.out or new.with_name(new.stem + ENDING)
        try:
            print(_carry_file(old, new, out))
        except AnswerError as error:
            print(f"error: {error}", file=sys.stderr)
            failed = True
    for path in _left_over(arguments.old, [old for old, _ in pairs]):
        print(
            f"{path}: not looked at. If it has answers of yours, name it as OLD, the lab that it "
            "belongs to as NEW, and a file to write with --out"
        )
    return 1 if failed else 0


def _pairs(old: Path, new: Path) -> list[tuple[Path, Path]]:
    for path in (old, new):
        if not path.exists():
            raise AnswerError(f"{path}: there is no such file or folder")
    if old.is_dir() != new.is_dir():
        raise AnswerError("OLD and NEW must both be notebooks or both be folders")
    if not new.is_dir():
        return [(old, new)]
    pairs = []
    for lab in sorted(new.glob("*.ipynb")):
        if lab.name.endswith(ENDING):
            continue
        # Whoever updates a second time worked in the file that the first update wrote.
        candidates = [old / (lab.stem + ENDING), old / lab.name]
        found = next((path for path in candidates if path.exists()), None)
        if found is not None:
            pairs.append((found, lab))
    if not pairs:
        raise AnswerError(f"no notebook in {old} is called like one in {new}")
    return pairs


def _left_over(old: Path, used: Sequence[Path]) -> list[Path]:
    """Notebooks in the folder OLD that no lab of NEW was paired with."""
    if not old.is_dir():
        return []
    return [path for path in sorted(old.glob("*.ipynb")) if path not in used]


def _carry_file(old: Path, new: Path, out: Path) -> str:
    if old.resolve() == new.resolve():
        raise AnswerError(f"{old}: OLD and NEW are the same file")
    notebook, report = carry(read_notebook(old), read_notebook(new))
    if not set(report.copied + report.untouched + report.gone):
        raise AnswerError(f"{old}: holds no practice cells, so nothing can be carried")
    if report.gone and report.fresh and not (report.copied or report.untouched):
        raise AnswerError(f"{old}: has no practice in common with {new}; is it another lab?")
    if not (report.copied or report.guesses or report.own_cells):
        rest = "" if not (report.gone or report.unknown) else f"\n{report.to_text()}"
        return f"{new.name}: nothing to copy from {old}; use the new lab as it is{rest}"
    try:
        _write_new(out, json.dumps(notebook, ensure_ascii=False, indent=1) + "\n")
    except FileExistsError:
        raise AnswerError(
            f"{out}: is there already and is left as it is; move it away, or name another file "
            "with --out"
        ) from None
    except OSError as error:
        raise AnswerError(f"{out}: cannot be written: {error.strerror}") from error
    return f"{out}, with what you did in {old}\n{report.to_text()}"


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, whole or not at all."""
    if path.exists():
        raise FileExistsError
    # Half an emoji, as some editors leave it, cannot be written.
    content = text.encode("utf-8", errors="replace")
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(draft, 0o644)
        os.rename(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


if __name__ == "__main__":
    sys.exit(main())
