"""What has been graded, kept so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from labtools.grading.records import Result, Submission, Verdict

__all__ = ["Journal", "naming", "page_name", "submission_key", "write_whole"]


def submission_key(submission: Submission, version: str) -> str:
    """What a result belongs to: the student, every byte handed in, and what graded it."""
    digest = hashlib.sha256(version.encode())
    parts = [submission.student.encode("utf-8", "replace"), submission.notebook or b"-"]
    told = (submission.name, submission.problem, submission.note, submission.late)
    told += (submission.upload,)  # feedback goes back to the upload that was graded
    parts += [repr(told).encode()]
    for name in sorted(submission.files):
        parts += [name.encode("utf-8", "replace"), submission.files[name]]
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def page_name(student: str) -> str:
    """A file name for a student's page: the id where it can be one, else a shortened form."""
    plain = "".join(c if c.isalnum() or c in " ._-@+()," else "_" for c in student)
    short = plain.encode()[:150].decode("utf-8", "ignore")
    if short == student and not short.startswith("."):
        return f"{short}.html"
    return f"{short.lstrip('.')}-{hashlib.sha256(student.encode()).hexdigest()[:8]}.html"


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have a fault name the file that is written, and not the draft that is to replace it."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_whole(path: Path, content: str) -> None:
    """Write a file so that it is there whole or, after a fault, as it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:80]}.{os.getpid()}.new")
    try:
        with naming(path), open(draft, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with naming(path):
            os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


class _Line(NamedTuple):
    """What is held in memory of a student's latest result."""

    key: str
    at: int
    ran: bool
    listed: bool = True


class Journal:
    """Results of one lab in a folder, one line of JSON each; only an index is held in memory.

    Parameters
    ----------
    folder : Path
        The output folder.
    stem : str
        The lab.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self.folder, self.stem = folder, stem
        self.path = folder / "journal" / f"{stem}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+b")  # noqa: SIM115, closed by __exit__
        self._index: dict[str, _Line] = {}
        self.load()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def load(self) -> None:
        """Read the index from the file, where an interrupt may have come between the two."""
        self._file.seek(0)
        good = 0
        for line in self._file:
            try:
                if line.endswith(b"\n"):
                    self._note(json.loads(line), good)
            except (ValueError, KeyError, TypeError):
                pass
            good += len(line)
        # A line cut short by a crash must not run into the next.
        if good:
            self._file.seek(good - 1)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")
                self._file.flush()

    def _note(self, entry: dict[str, Any], at: int) -> None:
        student = entry["student"]
        if "listed" in entry:
            self._index[student] = self._index[student]._replace(listed=entry["listed"])
        else:
            self._index[student] = _Line(entry["key"], at, entry.get("ran", True))

    def has(self, student: str, key: str) -> bool:
        """Whether exactly this submission has its result, and its files are still there."""
        known = self._index.get(student)
        if known is None or known.key != key or not self.page(student).is_file():
            return False
        return not known.ran or self.notebook(student).is_file()

    def page(self, student: str) -> Path:
        """Where the student's feedback page is."""
        return self.folder / "pages" / self.stem / page_name(student)

    def notebook(self, student: str) -> Path:
        """Where the notebook as it ran is: nbgrader's place for it."""
        return self.folder / "autograded" / student / self.stem / f"{self.stem}.ipynb"

    def add(self, key: str, result: Result) -> None:
        """Keep a result: first its files, then the line that says it is there."""
        write_whole(self.page(result.student), result.page)
        entry = {
            "student": result.student,
            "key": key,
            "verdicts": [asdict(v) for v in result.verdicts],
            "seconds": result.seconds,
            "cpu_seconds": result.cpu_seconds,
            "ran": result.notebook is not None,
            "note": result.note,
            "late": result.late,
            "upload": result.upload,
        }
        self._write(entry)

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.seek(0, os.SEEK_END)
        at = self._file.tell()
        with naming(self.path):
            self._file.write(json.dumps(entry).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        self._note(entry, at)

    def list_only(self, students: Iterable[str]) -> None:
        """Say who has handed in: others keep their results, in case they come back."""
        wanted = set(students)
        for student, line in list(self._index.items()):
            if line.listed != (student in wanted):
                self._write({"student": student, "listed": student in wanted})

    @property
    def listed(self) -> list[str]:
        """Who had handed in when this lab was last graded, sorted."""
        return sorted(student for student, line in self._index.items() if line.listed)

    def __contains__(self, student: str) -> bool:
        return student in self._index

    def key(self, student: str) -> str:
        """The key of the student's latest result."""
        return self._index[student].key

    def ran(self, student: str) -> bool:
        """Whether the student's latest result is of something that was handed in."""
        return self._index[student].ran

    def result(self, student: str) -> Result:
        """The student's latest result, but for its notebook and page, which are files."""
        (entry,) = self.entries([student])
        told = {name: entry[name] for name in ("note", "late", "upload") if name in entry}
        return Result(student, entry["verdicts"], "", **told)

    def entries(self, students: list[str]) -> Iterator[dict[str, Any]]:
        """The latest results of these students, in this order, one at a time."""
        with open(self.path, "rb") as file:
            for student in students:
                if student in self._index:
                    file.seek(self._index[student].at)
                    entry = json.loads(file.readline())
                    entry["verdicts"] = [Verdict(**v) for v in entry["verdicts"]]
                    yield entry
