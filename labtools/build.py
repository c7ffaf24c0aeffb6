"""`labs build`: from one source per lab to its executed solution and its student notebook."""

import argparse
import asyncio
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from labtools.agreement import bank_faults, practice_faults
from labtools.comparison import first_difference
from labtools.execution import execute
from labtools.faults import Fault, LabError
from labtools.source import SOURCES, STUDENTS, LabSource, read_source
from labtools.student import derive_student

REMEDY = "run `labs build` and commit the result"


@dataclass(frozen=True)
class Outcome:
    """What became of one lab: its faults, and the derived files that were or would be changed."""

    lab: str
    faults: tuple[Fault, ...] = ()
    changed: tuple[str, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "labs",
        nargs="*",
        metavar="LAB",
        help="a lab: 1, lab01, its full name or its file (default: all)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 and name each derived file that is missing, has no source or "
        "differs in content from what its source gives. Pictures are compared by being there and "
        "by their size in pixels, since font rasterisers differ between machines",
    )
    parser.add_argument(
        "--jobs", type=int, default=0, metavar="N", help="labs to run at once (default: one a core)"
    )
    parser.add_argument(
        "--timeout", type=int, default=120, metavar="S", help="seconds one cell may take (120)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Build or check the labs that were asked for; return the exit code."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    root: Path = arguments.root
    try:
        paths = find_sources(root, arguments.labs)
    except LabError as error:
        report(console, error.faults)
        return 1
    orphans = find_orphans(root) if not arguments.labs else []
    try:
        outcomes = build(
            root,
            paths,
            check=arguments.check,
            jobs=arguments.jobs or os.cpu_count() or 1,
            timeout=arguments.timeout,
            console=console,
        )
    except KeyboardInterrupt:
        console.print("labs build: interrupted; a file is either as it was or complete")
        return 130

    faults = [fault for outcome in outcomes for fault in outcome.faults]
    faults += [Fault(orphan, "has no source any more: delete it") for orphan in orphans]
    report(console, faults)
    if not faults:
        changed = [file for outcome in outcomes for file in outcome.changed]
        for file in changed:
            console.print(f"wrote {escape(file)}")
        count = f"{len(outcomes)} lab{'s' if len(outcomes) != 1 else ''}"
        console.print(f"{count} up to date" if not changed else f"{count} built")
    return 1 if faults else 0


def find_sources(root: Path, labs: Sequence[str] = ()) -> list[Path]:
    """Return the sources of the named labs in order, of all labs when none is named.

    Raises
    ------
    LabError
        When there is no source at all, or a name fits none.
    """
    known = sorted((root / SOURCES).glob("lab*.py"))
    if not known:
        raise LabError([Fault(f"{SOURCES}/", f"no lab*.py here; the course is sought in {root}")])
    if not labs:
        return known
    chosen = []
    for lab in labs:
        wanted = Path(lab).stem
        wanted = f"lab{int(wanted):02d}" if wanted.isdecimal() else wanted
        fitting = [p for p in known if p.stem == wanted or p.stem.startswith(f"{wanted}_")]
        if not fitting:
            names = ", ".join(path.stem for path in known)
            raise LabError([Fault(lab, f"no such lab; the course has {names}")])
        chosen += fitting
    return sorted(set(chosen))


def find_orphans(root: Path) -> list[str]:
    """Return the derived notebooks whose source is gone."""
    names = {path.stem for path in (root / SOURCES).glob("lab*.py")}
    return [
        path.relative_to(root).as_posix()
        for folder in (SOURCES, STUDENTS)
        for path in sorted((root / folder).glob("*.ipynb"))
        if path.stem not in names
    ]


def build(
    root: Path,
    paths: Iterable[Path],
    *,
    check: bool = False,
    jobs: int = 1,
    timeout: int = 120,
    console: Console | None = None,
) -> list[Outcome]:
    """Build the labs, several at once; one lab's fault never touches another's files.

    With `check` the derived files are compared and not written: a difference is a fault. `timeout`
    is in seconds for one cell. There is one outcome per lab, in the order given.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} cells"),
        TimeElapsedColumn(),
    )
    quiet = Console(quiet=True)
    with Progress(*columns, console=console or quiet) as progress:
        builder = _Builder(root, check, timeout, progress, asyncio.Semaphore(max(1, jobs)))
        return _run_apart(builder.build_all(list(paths)))


@dataclass(frozen=True)
class _Builder:
    root: Path
    check: bool
    timeout: int
    progress: Progress
    turn: asyncio.Semaphore

    async def build_all(self, paths: list[Path]) -> list[Outcome]:
        return await asyncio.gather(*(self.build_one(path) for path in paths))

    async def build_one(self, path: Path) -> Outcome:
        try:
            source = read_source(path, self.root)
            student = derive_student(source)
            faults = [*practice_faults(source, self.root)]
            faults += bank_faults(source, self.root) if self.check else ()
            if faults:
                raise LabError(faults)
            async with self.turn:
                solution = await self.execute(source)
        except LabError as error:
            return Outcome(path.stem, faults=tuple(error.faults))
        derived = {
            path.with_suffix(".ipynb"): solution,
            self.root / STUDENTS / f"{path.stem}.ipynb": student,
        }
        if self.check:
            found = (drift(self.root, self.name(target), nb) for target, nb in derived.items())
            return Outcome(path.stem, faults=tuple(filter(None, found)))
        written = [target for target, notebook in derived.items() if write(target, notebook)]
        return Outcome(path.stem, changed=tuple(self.name(target) for target in written))

    async def execute(self, source: LabSource) -> NotebookNode:
        task: TaskID = self.progress.add_task(
            source.name, total=sum(cell.cell_type == "code" for cell in source.notebook.cells)
        )
        return await execute(
            source, self.root, timeout=self.timeout, on_cell=lambda: self.progress.advance(task)
        )

    def name(self, target: Path) -> str:
        return target.relative_to(self.root).as_posix()


def drift(root: Path, name: str, expected: NotebookNode, remedy: str = REMEDY) -> Fault | None:
    """Say why a derived file is not what its source gives; None when it is."""
    try:
        found = nbformat.reads((root / name).read_text(encoding="utf-8"), as_version=4)
        difference = first_difference(found, expected)
    except FileNotFoundError:
        return Fault(name, f"missing: {remedy}")
    except (ValueError, LookupError, AttributeError, TypeError, nbformat.ValidationError):
        return Fault(name, f"is not a notebook: {remedy}")
    return Fault(name, f"has drifted: {difference}; {remedy}") if difference else None


def write(target: Path, notebook: NotebookNode) -> bool:
    """Write a notebook whole or not at all; return whether the file changed.

    A reader, or an interrupted build, meets the old file or the new one, never a part.
    """
    text = nbformat.writes(notebook) + "\n"
    with suppress(OSError, ValueError):
        if target.read_text(encoding="utf-8") == text:
            return False
    replace_whole(target, text.encode())
    return True


def replace_whole(target: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(draft, 0o644)
        os.replace(draft, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(draft)
        raise


def _run_apart(work: Any) -> Any:
    """Run a coroutine in a thread of its own, and cancel it when the user presses Ctrl-C.

    nbclient takes over SIGINT in the main thread without ending the run; here the interrupt
    reaches us, the run is cancelled, and its kernels are shut down before we go on.
    """
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)
    # Not `Thread.join`: interrupted, it takes a thread that goes on for one that has ended.
    ended = threading.Event()
    threading.Thread(target=_drive, args=(loop, task, ended), name="labs-build").start()
    try:
        while not ended.wait(0.1):
            pass
    except KeyboardInterrupt:
        while not ended.is_set():  # nbclient takes a single cancel for the death of a kernel
            with suppress(RuntimeError):  # the loop has just closed
                loop.call_soon_threadsafe(task.cancel)
            ended.wait(1)
        raise
    return task.result()


def _drive(loop: asyncio.AbstractEventLoop, task: asyncio.Task, ended: threading.Event) -> None:
    asyncio.set_event_loop(loop)
    try:
        with suppress(asyncio.CancelledError, Exception):  # task.result() raises it again
            loop.run_until_complete(task)
        # What nbclient has left running, such as its watch over a kernel that is gone now.
        rest = asyncio.all_tasks(loop)
        for other in rest:
            other.cancel()
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    finally:
        ended.set()


def report(console: Console, faults: Iterable[Fault]) -> None:
    """Say each fault on a line of its own."""
    for fault in faults:
        console.print(f"[bold red]error[/] {escape(re.sub(chr(27) + r'[^m]*m', '', str(fault)))}")
