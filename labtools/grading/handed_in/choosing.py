"""Which of the notebooks that a student handed in is meant: by name, else by what it holds."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from labtools.grading.handed_in.naming import is_notebook, listed, without_additions
from labtools.grading.handed_in.sources import Entry

#: Notebooks that are opened to see what they hold, where their names do not tell.
MOST_OPENED = 20

#: How well a name fits; from `TITLE` up it decides alone.
EXACT, FULL, TITLE, NUMBER, FOLDER, NONE = 5, 4, 3, 2, 1, 0


class LabName:
    """A lab's file name, and how well other names fit it."""

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self.lab, _, title = stem.lower().partition("_")
        self.number = int(self.lab[3:])
        self._title = _squeezed(title)

    def likeness(self, path: str) -> int | None:
        """How well the file's name fits, the better the higher; None if it names another lab.

        >>> lab = LabName("lab05_implement_gradient_descent")
        >>> lab.likeness("Lab 5 - Implement Gradient Descent.ipynb"), lab.likeness("lab4.ipynb")
        (4, None)
        """
        *folders, name = PurePosixPath(without_additions(path.lower())).parts
        if name == f"{self.stem.lower()}.ipynb":
            return EXACT
        numbers = _lab_numbers(name.removesuffix(".ipynb"))
        if numbers and self.number not in numbers:
            return None
        if self._title and self._title in _squeezed(name):
            return FULL if numbers else TITLE
        if numbers or self.lab in name:
            return NUMBER
        for folder in reversed(folders):
            numbers = _lab_numbers(folder)
            if numbers:
                return FOLDER if self.number in numbers else None
        return NONE

    def is_name_of(self, name: str) -> bool:
        """Whether a file's or folder's name says which lab it is and nothing else."""
        text = _squeezed(without_additions(name.lower()).removesuffix(".ipynb"))
        text = re.sub(r"^lab0*(?=\d)", "lab", text)
        return text in (f"lab{self.number}", f"lab{self.number}{self._title}")

    def is_file_of(self, path: str) -> bool:
        """Whether a file may be this lab's: a notebook, or one whose ending a browser has changed.

        >>> LabName("lab05_x").is_file_of("lab05.json"), LabName("lab05_x").is_file_of("a.json")
        (True, False)
        """
        name = PurePosixPath(path).name
        bare = re.sub(r"\.(json|txt)$", "", name, flags=re.IGNORECASE)
        return is_notebook(name) or ("." not in bare and self.is_name_of(bare))

    def without(self, name: str) -> str:
        """What a file's name says besides the lab: perhaps whose it is.

        >>> LabName("lab05_gradient_descent").without("ada-Lab 5 gradient descent.ipynb")
        'ada'
        """
        text = without_additions(name.lower()).removesuffix(".ipynb")
        text = re.sub(r"lab[\W_]{0,3}0*\d{1,2}(?!\d)", " ", text)
        title = r"[\W_]*".join(map(re.escape, self.stem.lower().partition("_")[2].split("_")))
        return _squeezed(re.sub(title, " ", text) if title else text)


def names_a_lab(name: str) -> bool:
    """Whether a name holds the number of any lab.

    >>> names_a_lab("Lab 3 (old)"), names_a_lab("lab_2026")
    (True, False)
    """
    return bool(_lab_numbers(name))


def _lab_numbers(name: str) -> set[int]:
    """Numbers of labs in a name; a year is none."""
    return {int(n) for n in re.findall(r"(?<![a-z])lab[\W_]{0,3}0*(\d{1,2})(?!\d)", name.lower())}


def _squeezed(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


@dataclass(frozen=True)
class Choice:
    """The notebooks that may be meant.

    Attributes
    ----------
    taken : Entry or None
        The one to grade.
    others : list of Entry
        The rest.
    by_content : bool
        Whether it is the only one that holds the lab's cells.
    unanswered : Entry or None
        The one that its name would have chosen, and in which nothing is answered.
    """

    taken: Entry | None = None
    others: tuple[Entry, ...] = ()
    by_content: bool = False
    unanswered: Entry | None = None

    def __len__(self) -> int:
        return len(self.others) + (self.taken is not None)

    @property
    def is_plain(self) -> bool:
        """Whether nobody would doubt it: the others lie deeper in folders, as old versions do."""
        if self.taken is None or self.by_content or self.unanswered is not None:
            return self.taken is not None
        return all(e.path.count("/") > self.taken.path.count("/") for e in self.others)

    def note(self, stem: str) -> str:
        """What the student should know of it; nothing where the file has the lab's name."""
        if self.unanswered is not None:
            return (
                f"{self.taken.shown} was graded, since nothing is answered in "
                f"{self.unanswered.shown}."
                + (f" Not graded: {listed(e.shown for e in self.others)}." if self.others else "")
            )
        if self.others:
            count = f"Of {len(self)} notebooks that may be meant, {self.taken.shown} was graded"
            why = ", the one with this lab's cells in it" if self.by_content else ""
            return f"{count}{why}. Not graded: {listed(e.shown for e in self.others)}."
        if PurePosixPath(self.taken.path).name.lower() != f"{stem}.ipynb".lower():
            return f"The file graded is {self.taken.path}."
        return ""


def choose(
    entries: list[Entry],
    stem: str,
    is_this_lab: Callable[[Entry], bool],
    is_answered: Callable[[Entry], bool],
) -> Choice:
    """Find the notebook that is meant: one in which nothing is answered only if all are such.

    See :func:`by_name` for the rest. `is_answered` is asked only where another one may be meant.
    """
    choice = by_name(entries, stem, is_this_lab)
    lab = LabName(stem)
    others = [e for e in choice.others if lab.likeness(e.path) is not None][:MOST_OPENED]
    if choice.taken is None or not others or is_answered(choice.taken):
        return choice
    for other in others:
        if is_this_lab(other) and is_answered(other):
            rest = tuple(e for e in choice.others if e is not other)
            return Choice(other, rest, unanswered=choice.taken)
    return choice


def by_name(entries: list[Entry], stem: str, is_this_lab: Callable[[Entry], bool]) -> Choice:
    """Find the notebook that is meant by its name, and by what it holds where names do not tell.

    That is the one whose name fits best: the lab's own name, then one with the lab's title, then
    one with its number. Where several fit alike, or none says more than a number, the one that
    holds the lab's cells is. Among equals it is the one least deep in folders, and what the LMS
    received last.

    Whether a notebook `is_this_lab` is asked only where names do not decide.
    """
    lab = LabName(stem)
    notebooks = [e for e in entries if lab.is_file_of(e.path)]
    fits = {e: lab.likeness(e.path) for e in notebooks}

    def order(entry: Entry) -> tuple:
        later_first = tuple(-n for n in (*entry.upload, _attempt(entry.path)))
        return -(fits[entry] or NONE), entry.path.count("/"), later_first, entry.path

    named = sorted((e for e in notebooks if fits[e]), key=order)
    possible = sorted((e for e in notebooks if fits[e] is not None), key=order)
    best = fits[named[0]] if named else NONE
    if best == EXACT:
        return _one_of(named, named[0])
    if best >= TITLE:
        # A name that is the lab's but for its spelling is meant, whatever else lies there.
        rivals, all_that_may_be = [e for e in named if fits[e] == best], named
    else:
        # Where all are named after other labs, one may be this lab's all the same.
        rivals = all_that_may_be = possible or notebooks
    # Of one file uploaded several times the last counts, whatever the others hold.
    latest = list({e.path: e for e in reversed(rivals)}.values())[::-1]
    if len(latest) > 1 or not possible:
        holding = [e for e in latest[:MOST_OPENED] if is_this_lab(e)]
        if holding:
            return _one_of(all_that_may_be, holding[0], by_content=len(holding) == 1)
    if named:
        return _one_of(named, named[0])
    return _one_of(rivals, latest[0]) if possible and len(latest) == 1 else Choice()


def _attempt(path: str) -> int:
    """The number of the attempt in whose folder a file lies; 0 if none tells."""
    found = re.findall(r"(?:attempt|submission|version|try|v)[ _-]?(\d{1,9})/", path.lower())
    return int(found[-1]) if found else 0


def _one_of(entries: list[Entry], taken: Entry, *, by_content: bool = False) -> Choice:
    return Choice(taken, tuple(e for e in entries if e is not taken), by_content)
