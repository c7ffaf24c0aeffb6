"""One submission's process: run the cells, and answer what is asked on the way.

What it sends are lines of JSON::

    {"cell": 3, "begins": true}
    {"cell": 3, "outputs": [...], "failed": ["NameError", "...", line] or null,
     "passed": [["ModuleNotFoundError", "...", "import seaborn"]], "seconds": 0.01}
    {"ask": "lab05-model"}                       (then the cases come back on another pipe)
    {"answer": "lab05-model", "rank": 0, "case": 1, "value": {...}}
    {"answered": "lab05-model", "rank": 0, "how": "done" | "timeout" | "died"}
    {"plan": {...}}   and at last   {"done": true}

Once a cell has run, every one of these may be forged. The judging side takes them as claims.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import os
import random
import re
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import plan as planning
from . import shell as shells
from .clock import PATIENCE, Clock
from .cosmetics import Failed, failed_statement, is_cosmetic
from .exit_codes import (
    CROWDED,
    MEMORY_GONE,
    NOTHING_THERE,
    OVERDUE,
    TAKEN_APART,
    UNDECIDED,
)

__all__ = ["run"]

#: Where the random generators of every submission start.
TORCH_SEED = 67280421310721


#: Seconds in which a process that is told to stop can still say what it has.
GRACE = 0.5

#: Statements of one cell that may fail without the others being given up.
MOST_PASSED = 20

#: Wall seconds in which a value is read, where that is not done by a copy of the process.
AT_ONCE = 5.0


class _TooLong(KeyboardInterrupt):
    """A cell's time is over."""


def run(request: Mapping[str, Any], send_fd: int, cases_fd: int, shell: shells.Shell) -> None:
    """Run a notebook and send what it shows and answers."""
    session = _Session(request, send_fd, cases_fd, shell)
    session.run()


class _Session:
    def __init__(self, request, send_fd, cases_fd, shell) -> None:
        self.request = request
        self.send_fd, self.cases_fd = send_fd, cases_fd
        self.shell = shell
        self.cells = request["cells"]
        self.practices = {item["id"]: item for item in request["practices"]}
        self.asked = {id_ for id_, item in self.practices.items() if item["asked"]}
        self.limit = float(request["cell_seconds"])
        self.skip = {int(k): how for k, how in request["skip"].items()}
        self.found: dict[str, int] = {}
        self.missing: set[str] = set()
        self.pid = os.getpid()
        self.interrupt = signal.getsignal(signal.SIGINT)
        self.drawing = None
        self.seeded = "torch" in sys.modules
        self.namespace, self.outputs = shell.user_ns, shell.outputs
        shell.tells_errors = bool(request["show"])

    def send(self, message: Mapping[str, Any]) -> None:
        if os.getpid() != self.pid:
            # A copy of this process that a cell has made: it would say everything once more.
            os._exit(0)
        data = json.dumps(message).encode("ascii") + b"\n"
        os.set_blocking(self.send_fd, True)  # a cell may have changed that
        while data:
            data = data[os.write(self.send_fd, data) :]

    def run(self) -> None:
        _lay_out(self.request["files"])
        prepare(self.shell, self.request)
        plan = planning.plan(self.cells, list(self.practices.values()))
        same, needed = planning.replayable(self.cells)
        if self.request["all_figures"]:
            same, needed = set(), {}
        seen = {"copies": plan["copies"], "where": plan["where"], "same": sorted(same)}
        self.send({"plan": seen})
        moments = [moment for moment in plan["moments"] if moment[1] in self.asked]
        for k in range(len(self.cells) + 1):
            self.ask_all(moments, k)
            settled = self.all_found(moments, k)
            if settled and not self.request["show"]:
                break
            if k < len(self.cells) and self.cells[k]["kind"] == "code":
                # No answer depends on what the course's own cells do besides, or will any more.
                own = self.cells[k]["source"]
                short = settled or self.request["brief"]
                source = needed.get(k, own) if short else own
                if source.strip():
                    self.figures(self.request["show"] and k not in same)
                    self.run_cell(k, source)
        self.send({"done": True})

    def figures(self, wanted: bool) -> None:
        """Draw the figures of the next cells, or leave them undrawn."""
        if wanted == self.drawing or not settle_figures(self.shell):
            return
        shells.show_figures(self.shell, wanted)
        self.drawing = wanted

    def all_found(self, moments, k: int) -> bool:
        """Whether nothing that comes after position k will be asked any more."""
        return all(at <= k or self.found.get(id_, rank + 1) <= rank for at, id_, rank in moments)

    def run_cell(self, k: int, source: str) -> None:
        if k in self.skip:
            how = self.skip[k].partition(" ")
            line = int(how[2]) if how[0] == "until" else None
            source = planning.what_is_left(source, line)
            if not source.strip():
                return
        self.send({"cell": k, "begins": True})
        started = time.monotonic()
        failed, passed = None, []
        with self.interruptible():
            try:
                with _alarm(self.limit):
                    error = self.run_source(source)
                    while len(passed) < MOST_PASSED:
                        found = self.passable(k, source, error)
                        if found is None:
                            break
                        passed.append([*_failure(error, self.limit)[:2], found.text])
                        source = found.rest
                        error = self.run_source(source)
            except _TooLong as late:
                error = late
            except BaseException as raised:  # whatever gets past IPython is the cell's
                error = raised
        if not self.whole():
            # It took the shell apart. Without it the rest of the notebook can still be run.
            os._exit(TAKEN_APART)
        if error is not None and _memory_is_gone(error, self.request["limits"]["memory_mb"]):
            os._exit(MEMORY_GONE)
        if _threads() > self.request["limits"]["processes"] // 2:
            # Later cells would pay for it: here it is this one's doing.
            os._exit(CROWDED)
        if error is not None:
            failed = _failure(error, self.limit)
        outputs = self.outputs.take()
        if not self.request["show"]:
            outputs = []
        if not self.seeded and "torch" in sys.modules:
            # torch starts at random. Here it starts where it does in a warm process, unless the
            # cell that imports it has set a seed.
            self.seeded = True
            if "seed" not in source:
                sys.modules["torch"].manual_seed(TORCH_SEED)
        seconds = round(time.monotonic() - started, 3)
        self.send(
            {
                "cell": k,
                "outputs": outputs,
                "failed": failed,
                "passed": passed,
                "seconds": seconds,
            }
        )

    def run_source(self, source: str) -> BaseException | None:
        """Run a cell or the rest of it; return its error."""
        result = self.shell.run_cell(source, store_history=True)
        return result.error_before_exec or result.error_in_exec

    def passable(self, k: int, source: str, error: BaseException | None) -> Failed | None:
        """The statement that failed, where what follows it is run all the same.

        At home a student's cell ends there. But what is not installed here may be there, and of the
        course's own cells, to which a student has added something, later cells need the rest.
        """
        if not isinstance(error, Exception) or isinstance(error, (MemoryError, SyntaxError)):
            return None
        found = failed_statement(source, _line_of_cell(error))
        if found is None:
            return None
        cosmetic = is_cosmetic(found.statement, error, self.missing)
        return found if cosmetic or self.cells[k].get("of_course") else None

    @contextlib.contextmanager
    def interruptible(self):
        """Let an interrupt reach the cell, which may send it to itself, and nothing else."""
        signal.signal(signal.SIGINT, self.interrupt)
        try:
            yield
        finally:
            left = signal.signal(signal.SIGINT, signal.SIG_IGN)
            # None: what a cell has set is not Python's, and cannot be set again.
            self.interrupt = signal.default_int_handler if left is None else left

    def whole(self) -> bool:
        """Whether the shell, the modules and the builtins are still there after a cell."""
        try:
            streams = all(hasattr(s, "write") for s in (sys.stdout, sys.stderr))
            modules = all(name in sys.modules for name in ("sys", "builtins", "IPython", "json"))
            same = self.shell.user_ns is self.namespace and self.shell.outputs is self.outputs
            return streams and modules and same and callable(open) and callable(isinstance)
        except Exception:
            return False

    def ask_all(self, moments, position: int) -> None:
        for at, id_, rank in moments:
            if at == position and self.found.get(id_, rank + 1) > rank:
                if self.request["in_place"] and not self.practices[id_]["calls"]:
                    self.read(id_, rank)
                else:
                    self.ask(id_, rank)

    def read(self, id_: str, rank: int) -> None:
        """Read a value in this process, which changes nothing, if that goes through at once.

        If not the process ends: a copy of another one is asked then.
        """
        code = self.answer(id_, rank, AT_ONCE)
        if code not in (0, NOTHING_THERE):
            os._exit(UNDECIDED)
        self.send({"answered": id_, "rank": rank, "how": "done"})
        if code == 0:
            self.found[id_] = rank

    def ask(self, id_: str, rank: int) -> None:
        """Let a copy of this process answer, so that asking changes nothing here."""
        # Whatever a cell has set up for its children, this one's end is to be told.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        child = os.fork()
        if child == 0:
            code = 1
            self.pid = os.getpid()
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                # `_wait` says when the time is over: the probe's limit knows of wall time alone.
                code = self.answer(id_, rank, self.limit * PATIENCE + GRACE)
            finally:
                os._exit(code)
        code = _wait(child, self.limit)
        how = {None: "timeout", 0: "done", NOTHING_THERE: "done", OVERDUE: "timeout"}
        self.send({"answered": id_, "rank": rank, "how": how.get(code, "died")})
        if code != NOTHING_THERE:  # a later moment may find it
            self.found[id_] = rank

    def answer(self, id_: str, rank: int, seconds: float) -> int:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self.send({"ask": id_})
        os.set_blocking(self.cases_fd, True)
        cases = _read_cases(self.cases_fd, id_)
        from labchecks import find
        from labchecks.ask.call import time_limit

        practice = find(id_)
        namespace, calls = self.namespace, self.practices[id_]["calls"]
        if calls and "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)
        nothing = True
        for number, case in enumerate(cases):
            if calls:
                reseed()
            try:
                with time_limit(seconds):
                    value = practice.probe(namespace, case)
            except BaseException as error:
                kind, message = type(error).__name__, str(error)[:300]
                value = {"kind": "error", "error": kind, "message": message, "line": None,
                         "source": ""}  # fmt: skip
            nothing = nothing and value.get("kind") in ("absent", "stub")
            self.send({"answer": id_, "rank": rank, "case": number, "value": value})
            # Such as a figure, and the lists beside it.
            lists = value.get("lists") or {}
            parts = (value, *value.values(), *lists.values())
            if any(isinstance(part, dict) and part.get("kind") == "timeout" for part in parts):
                os._exit(OVERDUE)
        return NOTHING_THERE if nothing else 0


def prepare(shell: shells.Shell, request: Mapping[str, Any]) -> None:
    """Bring the process to where a fresh kernel in the notebook's folder stands."""
    sys.path.insert(0, "")
    # What is imported stays; looking through it again and again would copy its pages.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    if request["seeds"]:
        import labhelpers.data as data

        data.replace_seeds(request["seeds"])
    settle_figures(shell)
    reseed()


#: Whether that has been done; a process that is forked off has it from the warm parent.
_settled = False


def settle_figures(shell: shells.Shell) -> bool:
    """Connect matplotlib with the shell as a kernel does; return whether it was there to do so."""
    global _settled
    needed = {"matplotlib.pyplot", "matplotlib_inline.backend_inline"}
    if _settled or not needed <= set(sys.modules):
        return _settled
    from matplotlib_inline.backend_inline import configure_inline_support
    from matplotlib_inline.config import InlineBackend

    # Without this, figures of a shell that is younger than the import are lost.
    configure_inline_support(shell, os.environ["MPLBACKEND"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        InlineBackend.instance().print_figure_kwargs = shells.FIGURES
    # pyplot draws whatever is new after each cell; the inline backend then draws it for show.
    with contextlib.suppress(ValueError, AttributeError):
        pyplot = sys.modules["matplotlib.pyplot"]
        shell.events.unregister("post_execute", pyplot._draw_all_if_interactive)
    _settled = True
    return True


def reseed() -> None:
    """Set every random generator, so that the same submission gets the same grade again."""
    random.seed(TORCH_SEED)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(TORCH_SEED % 2**32)
    if "torch" in sys.modules:
        # Processors alone: a fork can use no other device, and to tell them takes a millisecond.
        sys.modules["torch"].default_generator.manual_seed(TORCH_SEED)


def _lay_out(files: Mapping[str, str]) -> None:
    """Put the submission's other files into the working folder."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))


class _alarm:
    """Raise `_TooLong` in the main thread after so many seconds, and again each second after."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self.clock = Clock(lambda: (os.getpid(),))
        signal.signal(signal.SIGALRM, self.ring)
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 1.0)

    def __exit__(self, *_) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def ring(self, signum, frame) -> None:
        with contextlib.suppress(Exception):
            left = self.seconds - self.clock.look()
            if left > 0.02:  # the machine was busy with something else
                signal.setitimer(signal.ITIMER_REAL, left, 1.0)
                return
        raise _TooLong("the time for one cell is over")


def _failure(error: BaseException, limit: float) -> list:
    kind = type(error).__name__
    if isinstance(error, _TooLong):
        return ["timeout", f"stopped after {limit:g} s", _line_of_cell(error)]
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        kind = "MemoryError"
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    frames = list(_cell_frames(error))
    # What it called may be of another cell, whose lines are counted anew.
    own = next((frame.f_code for frame, _ in frames if _is_top(frame)), None)
    for frame, number in frames:
        if own is None or frame.f_code.co_filename == own.co_filename:
            line = number
    return [kind, str(error)[:500], line]


def _line_of_cell(error: BaseException) -> int | None:
    """The line of the cell itself in which it was, not of a function that it called."""
    for frame, number in _cell_frames(error):
        if _is_top(frame):
            return number
    return None


def _is_top(frame) -> bool:
    return frame.f_code.co_name == "<module>"


def _cell_frames(error: BaseException):
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "ipython-input" in name or "ipykernel" in name:
            yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _threads() -> int:
    """How many threads this process has, where the system tells."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def _memory_is_gone(error: BaseException, memory_mb: int) -> bool:
    """Whether memory ran out and is not free again, so that no later cell could run."""
    if not (isinstance(error, MemoryError) or "can't allocate memory" in str(error)):
        return False
    error.__traceback__ = None
    gc.collect()
    try:
        used = int(re.search(r"VmData:\s+(\d+)", Path("/proc/self/status").read_text())[1]) << 10
        limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    except (OSError, TypeError, ValueError):
        return True
    return limit > 0 and limit - used < memory_mb << 19


def _wait(child: int, seconds: float) -> int | None:
    """Wait for a child; end it when its time is over and return None.

    It is asked first, by the signal that stops a call of a student's function, so that it can still
    say what it has.
    """
    clock = Clock(lambda: (child,))
    ended = False
    while not ended and (left := seconds - clock.look()) > 0:
        ended = _ends(child, max(left, 0.02))
    if not ended:
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGALRM)
        if not _ends(child, GRACE):
            os.kill(child, signal.SIGKILL)
    try:
        _, status = os.waitpid(child, 0)
    except ChildProcessError:  # one of the submission's own threads was told before
        status = 1 << 8
    return os.waitstatus_to_exitcode(status) if ended else None


def _ends(child: int, seconds: float) -> bool:
    """Wait for a child to end for so long, of wall time; return whether it has ended."""
    try:
        fd = os.pidfd_open(child)
    except (AttributeError, OSError):
        end = time.monotonic() + seconds
        while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(fd)


def _read_cases(fd: int, id_: str) -> list:
    """The cases of this practice; what an earlier one left unread is passed over."""
    buffer = b""
    while True:
        piece = os.read(fd, 1 << 16)
        if not piece:
            return []
        *lines, buffer = (buffer + piece).split(b"\n")
        for line in lines:
            name, cases = json.loads(line)
            if name == id_:
                return cases
