"""Hand submissions to worker processes on this machine and take the results as they come."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from pathlib import Path
from typing import Any

from labtools.grading.inside.clock import PATIENCE
from labtools.grading.judging.assignment import Assignment, ReleasedLab
from labtools.grading.records import Job, Result, Settings
from labtools.grading.running import server
from labtools.grading.sandbox.home import PARENT, SharedParent

#: Seconds beyond its own limit after which a submission's worker counts as hung.
MARGIN = 600.0
#: Submissions after which a worker is replaced, so that nothing it may leak adds up.
TASKS_PER_WORKER = 1_000


class Workers:
    """Worker processes on this machine, as many as submissions are graded at once."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        # A short name: the address of a socket in it may not be long.
        self._scratch = tempfile.TemporaryDirectory(prefix="", dir=server.scratch())
        self._pool = _Pool(processes, self._scratch.name)
        self._parent: SharedParent | None = None
        self._loaded: Future[Assignment] = Future()
        self._starting: threading.Thread | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        # First: whoever waits for a worker that starts need not wait any longer.
        self._pool.close()
        if self._starting is not None:
            self._starting.join()
        if self._parent is not None:
            self._parent.close()
        self._scratch.cleanup()

    def begin(
        self,
        released: ReleasedLab,
        load: Callable[[], Assignment],
        settings: Settings,
        submissions: int,
    ) -> None:
        """Begin to start workers, as many as so many submissions need, and do not wait for them.

        Parameters
        ----------
        released : ReleasedLab
            The lab.
        load : callable
            Loads the assignment. A worker calls it: it has torch, and whoever waits for the result
            need not import it.

        Raises
        ------
        labtools.grading.sandbox.home.NoSandbox
            If several submissions are to be walled in and cannot be.
        """
        self._load = load
        count = min(self.processes, submissions)
        if count > 1 and not (settings.cold or settings.unsafe):
            what = (released.lab, released.modules, released.sources)
            self._parent = SharedParent(*what, Path(self._scratch.name, PARENT))
        # In a thread: to start the first worker takes as long as its imports.
        self._starting = threading.Thread(target=self._start, args=(count, settings), daemon=True)
        self._starting.start()

    def _start(self, count: int, settings: Settings) -> None:
        """Have the assignment loaded; then start so many workers, each with its sandbox."""
        try:
            assignment = self._pool.submit(self._load).result()
        except BaseException as error:
            self._loaded.set_exception(error)
            return
        self._loaded.set_result(assignment)
        for _ in range(count):
            self._pool.submit(_unit, "get_ready", assignment, settings)

    def assignment(self) -> Assignment:
        """What `load` returned, as soon as it has.

        Raises
        ------
        labtools.grading.judging.assignment.AssignmentError
            If it could not be loaded.
        """
        try:
            return self._loaded.result()
        except BrokenProcessPool:
            # Whatever keeps workers from it, such as a missing package, is told here.
            return self._load()

    def grade(self, jobs: Iterator[Job]) -> Iterator[Result]:
        """Grade `jobs`; results come in the order they are done.

        Only a few jobs are taken at a time, so a large course needs no more memory than a small
        one. A worker that dies loses nothing: its submissions are run again, one at a time, and the
        one that takes its worker along for the second time is given up as ``crashed``.
        """
        if self._starting is not None:
            self._starting.join()
        try:
            suspects: list[Job] = []
            yield from _through(self._pool, jobs, 2 * self.processes, suspects)
            for job in suspects:
                again: list[Job] = []
                yield from _through(self._pool, iter([job]), 1, again)
                if again:
                    yield _unit("lost", job, "the worker process ended")
        finally:
            # At once, also after Ctrl-C: the caller still has tables to write.
            self._pool.stop()


def _through(
    pool: _Pool, jobs: Iterator[Job], window: int, suspects: list[Job]
) -> Iterator[Result]:
    pending: dict[Future, tuple[Job, float]] = {}
    while True:
        for job in itertools.islice(jobs, window - len(pending)):
            pending[pool.submit(_unit, "grade_unit", job)] = (job, time.monotonic())
        if not pending:
            return
        done, _ = wait(pending, timeout=5.0, return_when=FIRST_COMPLETED)
        broken = not done and _overdue(pending)
        for future in done:
            try:
                result = future.result()
            except BrokenProcessPool:
                broken = True
                continue
            del pending[future]
            yield result
        if broken:
            suspects += [job for job, _ in pending.values()]
            pending.clear()
            pool.stop()


def _overdue(pending: dict[Future, tuple[Job, float]]) -> bool:
    now = time.monotonic()
    return any(
        future.running() and now - begun > PATIENCE * job.settings.limits.total_seconds + MARGIN
        for future, (job, begun) in pending.items()
    )


class _Pool:
    """A process pool that is made when it is needed, and again after it broke."""

    def __init__(self, processes: int, scratch: str) -> None:
        self.processes, self.scratch = processes, scratch
        self._executor: ProcessPoolExecutor | None = None
        self._closed = False
        self._lock = threading.Lock()

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future:
        try:
            with self._lock:
                if self._closed:
                    raise BrokenProcessPool("it was closed")
                if self._executor is None:
                    self._executor = self._make()
                executor = self._executor
            return executor.submit(work, *arguments)
        except RuntimeError as error:  # broken, or stopped a moment ago
            failed: Future = Future()
            failed.set_exception(error)
            return failed

    def _make(self) -> ProcessPoolExecutor:
        # The executor would start the server too, and leave it open to Ctrl-C meanwhile.
        server.start()
        return ProcessPoolExecutor(
            self.processes,
            mp_context=server.context(),
            initializer=_begin,
            initargs=(self.scratch,),
            max_tasks_per_child=TASKS_PER_WORKER,
        )

    def close(self) -> None:
        """Stop it for good."""
        with self._lock:
            self._closed = True
        self.stop()

    def stop(self) -> None:
        """End all workers, whatever they are at."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is None:
            return
        processes = list((executor._processes or {}).values())
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            with contextlib.suppress(OSError, ValueError):
                process.terminate()
        for process in processes:
            with contextlib.suppress(OSError, ValueError, AssertionError):
                process.join(5)
                if process.is_alive():
                    process.kill()


def _begin(scratch: str) -> None:
    """Set up a worker: Ctrl-C is the command's business, and its death is the worker's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_the_command()
    from labtools.grading.running import unit

    tempfile.tempdir = scratch
    unit.share(Path(scratch))
    if sys.platform == "linux":
        from labtools.grading.inside import walls

        walls.die_with_parent()


def _end_with_the_command() -> None:
    """End this worker, and with it its sandbox, as soon as the command is gone.

    The process that it was forked from cannot see to that: it lives as long as any worker does.
    """
    command = multiprocessing.parent_process()
    if command is None:
        return

    def watch() -> None:
        connection.wait([command.sentinel])
        # Whatever it is at: nobody is there any more to take the result.
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _unit(name: str, *arguments: Any) -> Any:
    """Call what `unit` has. A worker has imported it; the command has not, and need not."""
    from labtools.grading.running import unit

    return getattr(unit, name)(*arguments)
