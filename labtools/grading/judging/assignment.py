"""What is graded: a lab's practices, its own cells, and the hidden cases."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from labtools.grading.handed_in.notebook import Cell, Notebook, Unreadable, read_notebook
from labtools.grading.judging.secret import Secret
from labtools.grading.records import CannotGrade
from labtools.grading.sandbox.places import LABCHECKS, LABHELPERS, LABTOOLS

if TYPE_CHECKING:
    from labchecks import Practice

Case = dict[str, Any]


class AssignmentError(CannotGrade):
    """There is no such lab, or its student notebook has not been built."""


@dataclass(frozen=True)
class MarkedCell:
    """A submitted cell and what is known of it.

    Attributes
    ----------
    kind, source, id : str
        As submitted.
    practice, check : str or None
        Grade id of the practice whose cell, or whose check cell, this is.
    own : bool
        Whether the student wrote or changed it.
    stub : bool
        Whether it is a practice cell as released.
    of_course : bool
        Whether it is one of the course's own cells to which a student has added something.
    was : str
        The kind that it had where a practice's code was in a cell of another kind.
    """

    kind: str
    source: str
    id: str | None
    practice: str | None
    check: str | None
    own: bool
    stub: bool
    of_course: bool = False
    was: str = ""


@dataclass(frozen=True)
class Question:
    """What is asked for one practice.

    Attributes
    ----------
    visible : tuple of dict
        The cases of the lab's own check cell, asked in the run whose outputs are shown.
    hidden : tuple of dict
        The cases drawn for grading, asked in a later run of which nothing is shown.
    on_lab_data : bool
        Whether the answer is made from the lab's data, so that what holds for the hidden cases has
        to hold for the visible ones too.
    """

    practice: str
    visible: tuple[Case, ...]
    hidden: tuple[Case, ...]
    on_lab_data: bool


@dataclass(frozen=True)
class ReleasedLab:
    """One lab as students get it.

    Attributes
    ----------
    lab, stem : str
        ``"lab05"`` and the file's name without its ending.
    release : dict
        The student notebook.
    modules : tuple of str
        What the lab imports, to be imported once in the warm parent.
    """

    lab: str
    stem: str
    release: dict[str, Any]
    modules: tuple[str, ...]

    @property
    def title(self) -> str:
        """The lab's heading."""
        texts = (c["source"] for c in self.release["cells"] if c["cell_type"] == "markdown")
        headings = (re.search(r"^# +(.+)$", text, re.MULTILINE) for text in texts)
        return next((found[1].strip() for found in headings if found), self.stem)

    @property
    def sources(self) -> tuple[str, ...]:
        """The code cells that are the course's own, as they were released."""
        return tuple(c["source"] for c in self.release["cells"] if c["cell_type"] == "code")

    def _graded_cells(self) -> list[dict[str, Any]]:
        return [c for c in self.release["cells"] if "nbgrader" in c["metadata"]]

    def _named(self, notebook: Notebook) -> list[tuple[Cell, dict[str, Any] | None]]:
        """The submitted cells, each with the released practice or check cell that it is."""
        released = {c["metadata"]["nbgrader"]["grade_id"]: c for c in self._graded_cells()}
        by_id = {c.get("id"): c["metadata"]["nbgrader"]["grade_id"] for c in self._graded_cells()}
        # A cell id is believed only where no cell of the kind still has its grade id.
        present = {cell.grade_id for cell in notebook.cells}
        named = []
        for cell in notebook.cells:
            name = cell.grade_id if cell.grade_id in released else None
            if name is None:
                name = by_id.get(cell.id) or (cell.id if cell.id in released else None)
                if name in present:
                    name = None
            named.append((cell, released.get(name)))
        return named

    def is_answered(self, content: bytes) -> bool:
        """Whether any practice is answered in a notebook, or at least any code of its own in it."""
        try:
            named = self._named(read_notebook(content))
        except Unreadable:
            return False
        practices = [(c, r) for c, r in named if r is not None and not _is_check(r)]
        if practices:
            texts = ((plain_text(c.source), plain_text(r["source"])) for c, r in practices)
            return any(text not in ("", stub) for text, stub in texts)
        course = {plain_text(c["source"]) for c in self.release["cells"]}
        return any(c.kind == "code" and plain_text(c.source) not in course for c, _ in named)


@dataclass(frozen=True)
class Assignment(ReleasedLab):
    """One lab, ready to grade. Plain data: it is sent to workers.

    Attributes
    ----------
    questions : dict
        By practice, what is asked.
    seeds : dict
        The lab's data in the second run, by function; empty if there is no second run.
    """

    questions: dict[str, Question]
    seeds: dict[str, int]

    @property
    def practices(self) -> tuple[Practice, ...]:
        # With torch behind it, which only those who judge need to wait for.
        from labchecks import of_lab

        return of_lab(self.lab)

    @property
    def asked(self) -> list[Practice]:
        """The practices that are judged by the program."""
        return [p for p in self.practices if not p.manual]

    def mark(self, notebook: Notebook) -> list[MarkedCell]:
        """Find the lab's practice and check cells among the submitted ones."""
        ids = {p.id for p in self.practices}
        course = {plain_text(c["source"]) for c in self.release["cells"]}
        marked = []
        for cell, released in self._named(notebook):
            practice = check = None
            kind, was = cell.kind, ""
            if released is not None:
                name = released["metadata"]["nbgrader"]["grade_id"]
                owner = name.removesuffix("-check")
                if _is_check(released):
                    check = owner if owner in ids else None
                elif name in ids:
                    practice = name
            text = plain_text(cell.source)
            own = text not in course
            stub = practice is not None and text == plain_text(released["source"])
            if practice and released["cell_type"] == "code" and kind != "code" and not stub:
                # One key makes it text: M, or R.
                kind, was = "code", kind
            if check is not None and kind == "code" and own and not _calls_check(cell.source):
                # A check cell that a student has filled with an answer is an answer.
                check = None
            changed = kind == "code" and own and released is None and self._is_changed(cell)
            source = _without_fence(cell.source) if was else cell.source
            marked.append(
                MarkedCell(kind, source, cell.id, practice, check, own, stub, changed, was)
            )
        return marked

    def _is_changed(self, cell: Cell) -> bool:
        """Whether it is one of the course's own code cells to which something was added."""
        lines = set(_lines(cell.source))
        for released in self.release["cells"]:
            if released["cell_type"] == "code" and "nbgrader" not in released["metadata"]:
                if cell.id is not None and cell.id == released.get("id"):
                    return True
                wanted = _lines(released["source"])
                if wanted and lines >= set(wanted):
                    return True
        return False


def released_notebook(assignment: Assignment) -> Notebook:
    """The student notebook as if somebody had handed it in untouched."""
    return read_notebook(nbformat.writes(nbformat.from_dict(assignment.release)).encode())


def plain_text(source: str) -> str:
    """A cell's text without what editors change on their own: spaces at line ends, blank ends."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _lines(source: str) -> list[str]:
    return [line.rstrip() for line in source.splitlines() if line.strip()]


def _without_fence(source: str) -> str:
    """Code without the fence that Markdown needs around it."""
    found = re.fullmatch(r"\s*```[^\n]*\n(.*?)\n?```\s*", source, re.DOTALL)
    return found[1] if found else source


def released_texts(assignment: Assignment) -> dict[tuple[str, str], str]:
    """The released cells' sources by their kind and `plain_text`."""
    released = assignment.release["cells"]
    return {(c["cell_type"], plain_text(c["source"])): c["source"] for c in released}


def _is_check(cell: dict[str, Any]) -> bool:
    nbgrader = cell["metadata"]["nbgrader"]
    return bool(nbgrader.get("grade")) and not nbgrader.get("solution")


def _calls_check(source: str) -> bool:
    return re.search(r"\bcheck\s*\(", source) is not None


def read_release(root: Path, name: str) -> ReleasedLab:
    """Read a lab's student notebook by its number, its name or its file.

    Raises
    ------
    AssignmentError
        If there is no such lab, it has no practices, or its student notebook is missing.
    """
    path = _student_notebook(root, name)
    stem = path.stem
    lab = stem.split("_", 1)[0]
    release = nbformat.read(path, as_version=4)
    found = ReleasedLab(lab, stem, dict(release), _modules(release))
    if not found._graded_cells():
        from labchecks import lab_names

        known = ", ".join(lab_names())
        raise AssignmentError(f"{stem} has no practices; labs with practices: {known}")
    return found


def draw_cases(released: ReleasedLab, secret: Secret) -> Assignment:
    """Make a lab ready to grade: with its visible cases, and hidden ones drawn from the secret."""
    from labchecks import of_lab

    lab = released.lab
    questions = {p.id: _question(p, secret) for p in of_lab(lab) if not p.manual}
    names = {c["data"] for q in questions.values() if q.on_lab_data for c in q.hidden}
    rng = secret.rng(f"{lab} data")
    seeds = {data: rng.randrange(1_000, 1_000_000) for data in sorted(names)}
    # All practices share one second run, so their cases share its seeds.
    questions = {
        id_: replace(q, hidden=tuple({**c, "seed": seeds[c["data"]]} for c in q.hidden))
        if q.on_lab_data
        else q
        for id_, q in questions.items()
    }
    return Assignment(**vars(released), questions=questions, seeds=seeds)


def _student_notebook(root: Path, name: str) -> Path:
    folder = root / "notebooks"
    found = sorted(folder.glob("lab*.ipynb"))
    wanted = Path(name).name.removesuffix(".ipynb").removesuffix(".py").lower()
    number = re.fullmatch(r"(?:lab)?[ _-]?0*(\d+)", wanted)
    for path in found:
        stem = path.stem.lower()
        if stem == wanted or (number and stem.startswith(f"lab{int(number[1]):02d}_")):
            return path
    have = ", ".join(path.stem for path in found) or "none"
    raise AssignmentError(
        f"no lab {name!r} in {folder} (there are: {have}); name a lab as 5, lab05 or by its file, "
        "and run `labs build` if its student notebook has not been built"
    )


def _question(practice: Practice, secret: Secret) -> Question:
    hidden = tuple(practice.hidden(secret.rng(practice.id)))
    on_lab_data = not hidden or any(_is_lab_data(case) for case in hidden)
    return Question(practice.id, tuple(practice.visible()), hidden, on_lab_data)


def _is_lab_data(case: Case) -> bool:
    """Whether the answer is made from a data set of the lab, so that the lab must run on it."""
    from labhelpers.data import OWN_SEEDS

    return case.get("data") in OWN_SEEDS and case.get("seed") != OWN_SEEDS[case["data"]]


def _modules(release: nbformat.NotebookNode) -> tuple[str, ...]:
    """Modules that the lab imports, in its order, after those that a kernel imports itself."""
    from IPython.core.inputtransformer2 import TransformerManager

    from labchecks.ask import KINDS

    names = "numpy torch torch.optim torch.utils.data".split()
    names += ["matplotlib_inline.backend_inline", "matplotlib.pyplot"]
    for cell in release.cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(TransformerManager().transform_cell(cell.source))
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.append(node.module)
    # What asks, or every process that answers a practice would import it again.
    names += ["labchecks", *(f"labchecks.ask.{module}" for module, _ in KINDS.values())]
    return tuple(dict.fromkeys(names))


def fingerprint(released: ReleasedLab, secret: Secret, settings: str) -> str:
    """What a grade depends on besides the submission: code, lab, secret and settings."""
    digest = hashlib.sha256()
    for folder in (LABCHECKS, LABHELPERS, LABTOOLS):
        for path in sorted(folder.rglob("*.py")):
            if folder == LABTOOLS and "grading" not in path.parts:
                continue
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    digest.update(nbformat.writes(nbformat.from_dict(released.release)).encode())
    digest.update(f"{released.stem} {secret.fingerprint} {settings}".encode())
    return digest.hexdigest()[:16]
