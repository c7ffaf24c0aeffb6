"""The outer wall: how the warm parent is started, and whether this machine can do it."""

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from labtools.grading.sandbox.places import LABCHECKS, LABHELPERS, LABTOOLS

WORK = "/submission"
COURSE = "/labs-course"

NO_SANDBOX = (
    "this machine cannot wall submissions in ({reason}). `labs grade` runs what students wrote, so "
    "it needs Linux with bubblewrap (package `bubblewrap`) and user namespaces. Where every "
    "submission is trusted, or the machine holds nothing else, add --unsafe: grades are the same, "
    "but a submission can then read and change whatever you can."
)


class Sandbox:
    """A way to start the warm parent.

    Attributes
    ----------
    walls : bool
        Whether there is a wall at all.
    nested : bool
        Whether a submission can be walled in inside the warm parent's own walls. If not, each gets
        a parent of its own.
    """

    def __init__(self, walls: bool, nested: bool) -> None:
        self.walls, self.nested = walls, nested

    def command(self, course: Path, program: str) -> list[str]:
        """The command that runs `program` with only Python and `course` in sight."""
        python = [sys.executable, "-I", "-c", program]
        return [*_bubblewrap(course), *python] if self.walls else python

    @property
    def environment(self) -> dict[str, str]:
        """What the warm parent finds in its environment: nothing of the instructor's."""
        home = WORK if self.walls else os.environ.get("HOME", "/")
        kept = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": home}
        one_thread = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return {**kept, **dict.fromkeys(one_thread, "1"), "PYTHONHASHSEED": "0"}


def _bubblewrap(course: Path) -> list[str]:
    command = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--unshare-user"]
    # Root inside its own user namespace only: it may mount there, and nowhere else.
    command += ["--uid", "0", "--gid", "0", "--cap-add", "ALL"]
    command += ["--die-with-parent", "--new-session", "--hostname", "lab"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    # Mapped and shared, it would be memory that no limit counts.
    command += ["--dev-bind", "/dev/null", "/dev/zero"]
    for folder in (WORK, "/tmp", "/dev/shm"):
        command += ["--tmpfs", folder]
    command += ["--ro-bind", "/usr", "/usr"]
    for folder in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", folder)
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for path in ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/alternatives"):
        command += ["--ro-bind-try", path, path]
    for path in _python_folders():
        command += ["--ro-bind", path, path]
    for folder in _own_folders():
        # Within what Python needs: the course in full, where it is installed or kept there.
        if any(_lies_in(folder, top) for top in ("/usr", *_python_folders())):
            command += ["--tmpfs", folder, "--remount-ro", folder]
            for path in (p for p in _needed_by_python() if _lies_in(p, folder)):
                command += ["--ro-bind", path, path]
    command += ["--ro-bind", str(course), COURSE]
    for folder in ("/dev", "/", *({"/tmp"} - set(scratch_folders()))):
        command += ["--remount-ro", folder]
    command += ["--chdir", WORK, "--"]
    return command


def scratch_folders() -> list[str]:
    """Folders of its own that a submission may write to."""
    in_tmp = any(path.startswith("/tmp/") for path in _python_folders())
    return [WORK, "/dev/shm"] if in_tmp else [WORK, "/tmp", "/dev/shm"]


def _own_folders() -> list[str]:
    """The course, and its two packages wherever they are installed: they hold the answers."""
    packages = [LABCHECKS, LABHELPERS, LABTOOLS]
    course = LABTOOLS.parent
    whole = [course] if (course / "solutions").is_dir() else []
    return [str(folder) for folder in (*whole, *packages) if folder.parent not in whole]


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


@functools.lru_cache(maxsize=1)
def _python_folders() -> tuple[str, ...]:
    """Folders that this Python needs and that do not lie in one another or in /usr."""
    chosen: list[str] = []
    for path in _needed_by_python():
        if not any(_lies_in(path, folder) for folder in (*chosen, "/usr")):
            chosen.append(path)
    return tuple(chosen)


def _needed_by_python() -> list[str]:
    """All folders that this Python needs, the outer ones first."""
    real = Path(sys.executable).resolve()
    paths = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    paths |= {str(real.parents[1])}
    paths |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found = {os.path.abspath(path) for path in paths}
    return sorted((p for p in found if os.path.isdir(p) and p != "/"), key=len)


_TRY = """
import sys; sys.path.insert(0, {course!r})
from inside import walls
import os
if {nested}:
    walls.uncover_proc()
    walls.own_namespaces()
pid = os.fork()
if pid == 0:
    code = 1
    try:
        if {nested}:
            walls.hide_the_rest({scratch!r}, 8)
        walls.drop_rights()
        code = 0
    except OSError as error:
        print(error, file=sys.stderr, flush=True)
    finally:
        os._exit(code)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def find_sandbox(course: Path) -> tuple[Sandbox | None, str]:
    """The best sandbox that works here, or None and why there is none.

    Parameters
    ----------
    course : Path
        The folder that is to be seen as ``/labs-course``, with ``inside`` in it.
    """
    if sys.platform != "linux":
        return None, f"it runs {sys.platform}, not Linux"
    if shutil.which("bwrap") is None:
        return None, "the program bwrap is not installed"
    reason = ""
    for nested in (True, False):
        sandbox = Sandbox(walls=True, nested=nested)
        program = _TRY.format(course=COURSE, nested=nested, scratch=scratch_folders())
        try:
            done = subprocess.run(
                sandbox.command(course, program),
                env=sandbox.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
            continue
        if done.returncode == 0:
            return sandbox, ""
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = lines[-1] if lines else f"bwrap ended with code {done.returncode}"
    return None, reason
