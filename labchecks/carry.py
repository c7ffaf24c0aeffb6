"""Carry your answers from a lab that you worked in into a newer release of the same lab.

    python -m labchecks.carry OLD NEW

OLD and NEW are notebooks, or folders of notebooks (then each lab of NEW is looked for in OLD). The
result is a new file beside the new lab, ``labNN_…-answered.ipynb``. No existing file is changed:
your old notebook and the new lab stay as they are.

Answers are found by their grade id, which a lab keeps from release to release. Also carried are
your predictions (the ``guess_…`` cells) and the cells that you added, behind the cell that they
followed. Changes to any other cell of the lab are not: they stay in your old notebook.
"""

import argparse
import copy
import json
import re
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
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
    write_whole,
)

ENDING = "-answered.ipynb"

# The labs' own cells have ids such as "the-gradient-03"; editors give new cells random ones.
_COURSE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*-\d{2,3}")

# A line that gives a prediction a value, or None.
_GUESS = re.compile(r"^(guess\w*)\s*=(?!=)\s*(?:None\b|(\S))", re.MULTILINE)


def _said(text: str, kind: type = list):
    return field(default_factory=kind, metadata={"said": text})


@dataclass
class Carried:
    """What became of a lab's answers: grade ids in their notebook's order, and counts of cells."""

    copied: list[str] = _said("copied: {}")
    reworded: list[str] = _said("copied, but the task has changed: read it again: {}")
    untouched: list[str] = _said("not answered in the old notebook: {}")
    gone: list[str] = _said("no longer in the lab (the answer stays in the old notebook): {}")
    fresh: list[str] = _said("new in this release: {}")
    guesses: list[str] = _said("predictions copied: {}")
    own_cells: int = _said("also copied: {} of your own cells", int)
    unknown: int = _said(
        "left in the old notebook, whose cells have lost their ids, so that nobody can tell yours "
        "from the lab's: {} cells that are not in the new lab",
        int,
    )

    def to_text(self) -> str:
        """Say in lines what was carried and what was not."""
        found = [(one.metadata["said"], getattr(self, one.name)) for one in fields(self)]
        return "\n".join(
            "  " + said.format(", ".join(what) if isinstance(what, list) else what)
            for said, what in found
            if what
        )


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
    surplus = _copy_answers(old, notebook, report)
    _copy_guesses(old, notebook, report)
    _copy_own_cells(old, notebook, surplus, report)
    return notebook, report


def _copy_answers(old: Notebook, notebook: Notebook, report: Carried) -> list[int]:
    """Fill in the practices; return the positions of further answers to the same practice."""
    places = {grade_id(cell): cell for cell in notebook["cells"] if grade_id(cell)}
    found, surplus = answers(old), []
    for name, positions in found.items():
        place = places.get(name)
        stub = place and text_of(place)
        tried = [at for at in positions if not is_untouched(old["cells"][at], stub)]
        if place is None:
            report.gone += [name] if tried else []
        elif not tried:
            report.untouched.append(name)
        else:
            mine = old["cells"][tried[0]]
            report.copied.append(name)
            if stub_of(mine) not in ("", stub_of(place)):
                report.reworded.append(name)
            place |= {key: mine[key] for key in ("source", "attachments") if key in mine}
            # A pasted copy of a practice cell keeps its grade id.
            surplus += tried[1:]
    report.fresh = [name for name in places if name not in found]
    return surplus


def _copy_guesses(old: Notebook, notebook: Notebook, report: Carried) -> None:
    made = {}
    # A cell of the lab's has the last word over one that the student added.
    for cell in sorted(old["cells"], key=lambda cell: bool(_course_id(cell))):
        made |= {name: cell["source"] for name, value in _guesses(cell) if value}
    for cell in notebook["cells"]:
        for name, _ in _guesses(cell):
            if name in made:
                cell["source"] = made[name]
                report.guesses.append(name)


def _guesses(cell: Cell) -> list[tuple[str, str]]:
    """The predictions in a cell: the name and, unless it is None, how the value begins."""
    is_code = cell["cell_type"] == "code" and not grade_id(cell)
    return _GUESS.findall(text_of(cell)) if is_code else []


def _copy_own_cells(old: Notebook, notebook: Notebook, surplus: list, report: Carried) -> None:
    # Some tools drop the cells' ids: then nobody can say whose a cell is.
    known = any(map(_course_id, old["cells"]))
    taken = {id_of(cell) for cell in notebook["cells"]}
    texts = {text_of(cell).strip() for cell in notebook["cells"]} | {""}
    behind: dict[str, list[Cell]] = {}
    anchor = ""
    seen: set[str] = set()
    for position, cell in enumerate(old["cells"]):
        text, name = text_of(cell).strip(), grade_id(cell, True) or _course_id(cell)
        # The second cell of one id is a copy that the student made and may have changed.
        again = name in seen and not grade_id(cell)
        if position in surplus or (known and not name) or (again and text not in texts):
            if text:
                behind.setdefault(anchor, []).append(_plain_copy(cell))
                report.own_cells += 1
        elif name and not again:
            seen.add(name)
            anchor = name if name in taken else anchor
        elif not name and text not in texts:
            report.unknown += 1
    cells = behind.get("", [])
    for cell in notebook["cells"]:
        cells += [cell, *behind.get(id_of(cell), [])]
    notebook["cells"] = cells


def _course_id(cell: Cell) -> str:
    """The cell's id if it is one of the labs' own, else ``""``."""
    return id_of(cell) if _COURSE_ID.fullmatch(id_of(cell)) else ""


def _plain_copy(cell: Cell) -> Cell:
    """The cell without its outputs and metadata, under an id as editors give one."""
    fresh = {key: cell[key] for key in ("cell_type", "source", "attachments") if key in cell}
    fresh |= {"id": uuid.uuid4().hex[:8], "metadata": {}}
    if cell["cell_type"] == "code":
        fresh |= {"execution_count": None, "outputs": []}
    return fresh


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
    for new, old in pairs.items():
        try:
            print(_carry_file(old, new, arguments.out or new.with_name(new.stem + ENDING)))
        except AnswerError as error:
            print(f"error: {error}", file=sys.stderr)
            failed = True
    for path in sorted({*arguments.old.glob("*.ipynb")} - {*pairs.values()}):
        print(
            f"{path}: not looked at. If it has answers of yours, name it as OLD, the lab that it "
            "belongs to as NEW, and a file to write with --out"
        )
    return int(failed)


def _pairs(old: Path, new: Path) -> dict[Path, Path]:
    """The old notebook of each new one."""
    for path in (old, new):
        if not path.exists():
            raise AnswerError(f"{path}: there is no such file or folder")
    if old.is_dir() != new.is_dir():
        raise AnswerError("OLD and NEW must both be notebooks or both be folders")
    if not new.is_dir():
        return {new: old}
    labs = [lab for lab in sorted(new.glob("*.ipynb")) if not lab.name.endswith(ENDING)]
    # Whoever updates a second time worked in the file that the first update wrote.
    pairs = {
        lab: old / name
        for lab in labs
        for name in (lab.name, lab.stem + ENDING)
        if (old / name).exists()
    }
    if not pairs:
        raise AnswerError(f"no notebook in {old} is called like one in {new}")
    return pairs


def _carry_file(old: Path, new: Path, out: Path) -> str:
    if old.resolve() == new.resolve():
        raise AnswerError(f"{old}: OLD and NEW are the same file")
    notebook, report = carry(read_notebook(old), read_notebook(new))
    if not (report.copied or report.untouched or report.gone):
        raise AnswerError(f"{old}: holds no practice cells, so nothing can be carried")
    if report.gone and report.fresh and not (report.copied or report.untouched):
        raise AnswerError(f"{old}: has no practice in common with {new}; is it another lab?")
    if not (report.copied or report.guesses or report.own_cells):
        rest = f"\n{report.to_text()}" if report.gone or report.unknown else ""
        return f"{new.name}: nothing to copy from {old}; use the new lab as it is{rest}"
    if out.exists():
        raise AnswerError(
            f"{out}: is there already and is left as it is; move it away, or name another file "
            "with --out"
        )
    text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
    # Half an emoji, as some editors leave it, cannot be written.
    write_whole(out, text.encode("utf-8", errors="replace"))
    return f"{out}, with what you did in {old}\n{report.to_text()}"


if __name__ == "__main__":
    sys.exit(main())
