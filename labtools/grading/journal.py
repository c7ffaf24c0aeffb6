"""What has been graded, kept so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labtools.grading.records import Result, Verdict
from labtools.grading.submissions import Submission

__all__ = ["Journal", "page_name", "submission_key", "write_whole"]


def submission_key(submission: Submission, version: str) -> str:
    """What a result belongs to: the student, every byte handed in, and what graded it."""
    digest = hashlib.sha256(version.encode())
    parts = [submission.student.encode("utf-8", "replace"), submission.notebook or b"-"]
    parts += [repr((submission.name, submission.problem, submission.note)).encode()]
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


def write_whole(path: Path, content: str) -> None:
    """Write a file so that it is there whole or, after a fault, as it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:80]}.{os.getpid()}.new")
    try:
        with open(draft, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


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
        self._index: dict[str, tuple[str, int]] = {}
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
                entry = json.loads(line)
                if line.endswith(b"\n"):
                    self._index[entry["student"]] = (entry["key"], good)
            except (ValueError, KeyError, TypeError):
                pass
            good += len(line)
        # A line cut short by a crash must not run into the next.
        if good:
            self._file.seek(good - 1)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")
                self._file.flush()

    def has(self, student: str, key: str) -> bool:
        """Whether exactly this submission has its result, and its page is still there."""
        known = self._index.get(student)
        return known is not None and known[0] == key and self.page(student).is_file()

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
        }
        line = json.dumps(entry).encode() + b"\n"
        self._file.seek(0, os.SEEK_END)
        at = self._file.tell()
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._index[result.student] = (key, at)

    def __contains__(self, student: str) -> bool:
        return student in self._index

    def key(self, student: str) -> str:
        """The key of the student's latest result."""
        return self._index[student][0]

    def entries(self, students: list[str]) -> Iterator[dict[str, Any]]:
        """The latest results of these students, in this order, one at a time."""
        with open(self.path, "rb") as file:
            for student in students:
                if student in self._index:
                    file.seek(self._index[student][1])
                    entry = json.loads(file.readline())
                    entry["verdicts"] = [Verdict(**v) for v in entry["verdicts"]]
                    yield entry
