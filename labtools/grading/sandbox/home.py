"""Where a warm parent lives: its files, its sandbox, and the process in it."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from labtools.grading import inside
from labtools.grading.inside import wire
from labtools.grading.records import CannotGrade
from labtools.grading.sandbox.bubblewrap import (
    COURSE,
    NO_SANDBOX,
    WORK,
    Sandbox,
    find_sandbox,
    scratch_folders,
)
from labtools.grading.sandbox.sealing import write_sealed_copy

#: The name under which a warm parent that processes share listens, in their folder.
PARENT = "parent"


class NoSandbox(CannotGrade):
    """Submissions cannot be walled in here, and ``--unsafe`` was not given."""


class Home:
    """The sealed course and the sandbox of one warm parent.

    Parameters
    ----------
    lab, modules, sources, unsafe
        As for :class:`labtools.grading.sandbox.station.Station`.
    folder : Path, optional
        Where its files are to lie; among temporary files if left out.

    Raises
    ------
    NoSandbox
        If there is none and `unsafe` is not set.
    """

    def __init__(
        self,
        lab: str,
        modules: tuple[str, ...],
        sources: tuple[str, ...],
        *,
        unsafe: bool = False,
        folder: Path | None = None,
    ) -> None:
        self.modules, self.sources = modules, sources
        self._folder = tempfile.TemporaryDirectory(prefix="labs-grade-", dir=folder)
        self.course = Path(self._folder.name, "course")
        write_sealed_copy(self.course, lab)
        source = Path(inside.__file__).parent
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(source, self.course / "inside", ignore=ignored)
        if unsafe:
            self.sandbox = Sandbox(walls=False, nested=False)
        else:
            sandbox, reason = find_sandbox(self.course)
            if sandbox is None:
                raise NoSandbox(NO_SANDBOX.format(reason=reason))
            self.sandbox = sandbox
        self._fonts = _font_lists()

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()

    def start(
        self, *, warm: bool, listener: socket.socket | None = None
    ) -> subprocess.Popen[bytes]:
        """Start the warm parent; with a listener it serves whoever connects there."""
        walls = self.sandbox.walls
        options = {
            "walls": walls,
            "nested": self.sandbox.nested,
            "warm": warm,
            "modules": list(self.modules),
            "sources": list(self.sources),
            "work": WORK if walls else self._folder.name,
            "scratch": scratch_folders(),
            "fonts": self._fonts,
            "listener": None if listener is None else listener.fileno(),
        }
        place = COURSE if walls else str(self.course)
        program = (
            f"import sys; sys.path.insert(0, {place!r}); sys.dont_write_bytecode = True\n"
            "from inside import zygote; zygote.main()\n"
        )
        process = subprocess.Popen(
            self.sandbox.command(self.course, program),
            env=self.sandbox.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            pass_fds=() if listener is None else (listener.fileno(),),
        )
        # One that has ended already is found out by whoever waits for its word.
        with contextlib.suppress(BrokenPipeError):
            wire.write_frame(process.stdin.fileno(), b"O", json.dumps(options).encode())
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End a warm parent and whatever runs in its sandbox."""
        if not self.sandbox.walls:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, 9)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


class SharedParent:
    """One warm parent for all workers of this machine, where walls can stand within walls.

    It imports once, and each station that connects is served by a copy of it; until it has
    started they wait, and where it cannot be shared they find nobody. It ends with the thread that
    made it.

    Parameters
    ----------
    lab, modules, sources
        As for :class:`labtools.grading.sandbox.station.Station`.
    address : Path
        Where it is to listen.

    Raises
    ------
    NoSandbox
        If submissions cannot be walled in here.
    """

    def __init__(
        self, lab: str, modules: tuple[str, ...], sources: tuple[str, ...], address: Path
    ) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        # Beside the address: whoever removes what a killed command left knows that folder.
        self._home = Home(lab, modules, sources, folder=address.parent)
        if not self._home.sandbox.nested:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            try:
                listener.bind(str(address))
            except OSError:  # the path is longer than such an address may be
                return
            listener.listen(1000)
            self._process = self._home.start(warm=True, listener=listener)

    def close(self) -> None:
        """End it, and all that it serves."""
        if self._process is not None:
            self._home.stop(self._process)
        self._home.close()


def _font_lists() -> dict[str, str]:
    """The font list that matplotlib made on this machine, if it has."""
    from matplotlib import get_cachedir

    found = {}
    with contextlib.suppress(OSError):
        for path in Path(get_cachedir()).glob("fontlist-*.json"):
            found[path.name] = path.read_text(encoding="utf-8")
    return found
