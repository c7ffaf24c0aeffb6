"""Look a lab over before it is handed in, and pack what is to be uploaded.

    python -m labchecks.hand_in lab05

Of the notebooks in the folder that hold the lab's practices, whatever they are called, the one with
the most answers is taken. What is still open in it is listed. One zip is written: upload that.
"""

import argparse
import io
import re
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labchecks import registry
from labchecks.cells import (
    AnswerError,
    Cell,
    Notebook,
    answers,
    is_untouched,
    read_notebook,
    text_of,
    write_whole,
)
from labchecks.checking import REMEMBERED

#: Seconds by which a check may be newer than the saved notebook.
SLACK = 2.0


@dataclass
class HandIn:
    """A notebook that may be handed in.

    Attributes
    ----------
    path : Path
        The file.
    files : list of Path
        Files beside it that its code imports.
    answered : list of str
        Titles of the practices with an answer.
    open : list of str
        A sentence for each thing that is still to be done or looked at.
    """

    path: Path
    files: list[Path]
    answered: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


def look_over(path: Path, lab: str) -> HandIn:
    """What a notebook holds of a lab's practices, and what is still open in it.

    Raises
    ------
    AnswerError
        If the file is no notebook.
    KeyError
        If there is no such lab.
    """
    notebook = read_notebook(path)
    found = HandIn(path, _imported(notebook, path.parent))
    places = answers(notebook)
    for practice in registry.of_lab(lab):
        cells = [notebook["cells"][k] for k in places.get(practice.id, [])]
        written = [cell for cell in cells if not is_untouched(cell)]
        if written:
            found.answered.append(practice.title)
            said = _not_run(written[-1])
        else:
            said = "not answered." if cells else "its cell is gone."
        if said:
            found.open.append(f"“{practice.title}”: {said}")
    checked = path.parent / REMEMBERED
    if checked.exists() and checked.stat().st_mtime > path.stat().st_mtime + SLACK:
        found.open.append("You ran a check after you last saved this notebook: save it (Ctrl+S).")
    return found


def _not_run(cell: Cell) -> str:
    """What is open about an answer that is there."""
    for output in cell.get("outputs") or []:
        if isinstance(output, dict) and output.get("output_type") == "error":
            return f"its cell ended with {output.get('ename') or 'an error'}."
    if cell["cell_type"] == "code" and cell.get("execution_count") is None:
        return "answered, and not run since: run its cell and the check below it."
    return ""


def _imported(notebook: Notebook, folder: Path) -> list[Path]:
    """Modules beside the notebook that its code imports: without them it would not run."""
    code = "\n".join(text_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code")
    statement = r"(?:^|[:;])\s*(?:from\s|import\s(?:[\w .,]*,)?)\s*"
    return [
        path
        for path in sorted(folder.glob("*.py"))
        if re.search(rf"{statement}{re.escape(path.stem)}\b", code, re.MULTILINE)
    ]


def _labs_in(path: Path) -> set[str]:
    """The labs whose practices a notebook holds; none if it is broken."""
    try:
        return {id_.partition("-")[0] for id_ in answers(read_notebook(path))}
    except AnswerError:
        return set()


def _named(word: str) -> str | None:
    """The lab that is meant by `lab05`, `5`, or a notebook of whatever name."""
    number = re.match(r"(?:lab[\W_]{0,3})?0*(\d{1,2})(?!\d)", Path(word).name.lower())
    if number:
        return f"lab{int(number[1]):02}"
    labs = _labs_in(Path(word)) if word.endswith(".ipynb") else set()
    return labs.pop() if len(labs) == 1 else None


def _choose(lab: str) -> HandIn:
    """The lab's notebook with the most answers, here or in `notebooks`; a tie is an error."""
    folder = Path.cwd()
    if not any(folder.glob(f"{lab}*.ipynb")) and (folder / "notebooks").is_dir():
        folder /= "notebooks"
    paths = sorted(folder.glob("*.ipynb"))
    looked = [
        look_over(path, lab) for path in paths if path.name.startswith(lab) or lab in _labs_in(path)
    ]
    if not looked:
        raise AnswerError(f"{folder} has no notebook of {lab}")
    most = max(len(one.answered) for one in looked)
    best = [one for one in looked if len(one.answered) == most]
    if len({one.path.read_bytes() for one in best}) > 1 and most:
        names = " and ".join(one.path.name for one in best)
        raise AnswerError(f"{names} have {most} answers each: name the one to hand in")
    for one in looked:
        if one is not best[0]:
            print(f"{one.path.name}: left out, it has {len(one.answered)} answers.")
    return best[0]


def _pack(found: HandIn, lab: str) -> bytes:
    """The zip to upload; the notebook has the lab's own name in it."""
    stem = re.sub(r"(-answered|-Copy\d+| ?\(\d+\))+$", "", found.path.stem)
    name = f"{stem}.ipynb" if stem.startswith(f"{lab}_") else found.path.name
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as made:
        made.write(found.path, name)
        for path in found.files:
            made.write(path, path.name)
    return content.getvalue()


def main(argv: Sequence[str] | None = None) -> int:
    """Look over and pack; return 0, 1 where something is still open, 2 where nothing is packed."""
    parser = argparse.ArgumentParser(
        prog="python -m labchecks.hand_in",
        description="Look a lab over before you hand it in, and pack what to upload.",
    )
    parser.add_argument(
        "lab", metavar="LAB", help="the lab, such as lab05, or your notebook's file"
    )
    word = parser.parse_args(argv).lab
    lab = _named(word)
    if lab is None:
        parser.error(f"{word!r} names no lab; write lab05, say")
    target = Path(f"{lab}-hand-in.zip")
    try:
        registry.of_lab(lab)
        found = look_over(Path(word), lab) if word.endswith(".ipynb") else _choose(lab)
        if found.answered:
            write_whole(target, _pack(found, lab))
    except OSError as error:
        return _fail(f"error: {error.filename}: {error.strerror}")
    except (AnswerError, KeyError) as error:
        return _fail(f"error: {error.args[0]}")
    print(f"{found.path.name}: {len(found.answered)} answered.")
    for sentence in found.open:
        print(f"  {sentence}")
    for path in found.files:
        print(f"  {path.name} is packed too: your notebook imports it.")
    if not found.answered:
        return _fail("Nothing is answered, so nothing was packed.")
    print(f"Upload this file: {target.resolve()}")
    if found.open:
        print("You can hand it in as it is, or see to what is listed and run this again.")
    return int(bool(found.open))


def _fail(said: str) -> int:
    print(said, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
