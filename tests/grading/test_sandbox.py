"""Each wall of the sandbox, proved by trying to pass it from a submission's cell."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from labtools.grading.handed_in.notebook import read_notebook
from labtools.grading.judging.examination import examine
from labtools.grading.records import Limits
from labtools.grading.sandbox import bubblewrap
from labtools.grading.sandbox.bubblewrap import find_sandbox, scratch_folders
from labtools.grading.sandbox.home import NoSandbox
from labtools.grading.sandbox.station import Station
from tests.grading.corpora.base import ROOT, code_cell

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def attempt(station, assignment):
    """Run one cell in the sandbox and return what it printed."""

    def run(source: str, limits: Limits | None = None, files: dict | None = None) -> str:
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
        notebook["cells"] = [code_cell(source)]
        cells = assignment.mark(read_notebook(json.dumps(notebook).encode()))
        evidence = examine(station, assignment, cells, files or {}, limits or Limits(20.0))
        run.evidence = evidence
        outputs = evidence.outputs.get(0, [])
        return "".join(o.get("text", "") + o.get("evalue", "") for o in outputs)

    return run


def test_the_walls_are_there(station):
    assert station.sandbox.walls
    assert station.sandbox.nested


def test_solutions_submissions_and_home_are_not_there(attempt):
    places = [ROOT / "solutions", ROOT / "notebooks", ROOT / "tests", ROOT / ".git", "/home"]
    shown = attempt(
        f"import os\nprint([p for p in {[str(p) for p in places]} if os.path.exists(p)])"
    )
    assert shown.strip() == "[]"


def test_no_file_holds_the_secret_or_a_judge(attempt):
    shown = attempt(
        "import os\n"
        "hits = []\n"
        f"python = {sys.prefix!r}\n"  # where the libraries are, which hold no course secret
        "for top in ('/labs-course', '/submission', '/tmp', '/etc', '/dev/shm'):\n"
        "    for folder, inner, files in os.walk(top):\n"
        "        inner[:] = [d for d in inner if os.path.join(folder, d) != python]\n"
        "        for name in files:\n"
        "            path = os.path.join(folder, name)\n"
        "            try: text = open(path, errors='replace').read(10**6)\n"
        "            except OSError: continue\n"
        "            for word in ('def judge', 'def simulate', 'def hidden', 'course.secret'):\n"
        "                if word in text: hits.append((path, word))\n"
        "print(hits)"
    )
    assert shown.strip() == "[]"


def test_nothing_can_be_written_outside_its_folders(attempt):
    shown = attempt(
        "import os\n"
        "written = []\n"
        "for folder in ('/', '/usr', '/usr/lib', '/etc', '/labs-course', '/dev', '/proc', '/var',\n"
        "               os.path.dirname(os.__file__)):\n"
        "    try:\n"
        "        open(os.path.join(folder, 'x'), 'w').close(); written.append(folder)\n"
        "    except OSError: pass\n"
        "print(written)"
    )
    assert shown.strip() == "[]"


def test_what_one_submission_writes_the_next_does_not_see(attempt):
    places = [f"{folder}/x" for folder in scratch_folders()]
    write = f"for p in {places}: open(p, 'w').write('hello')\nprint('written')"
    assert attempt(write).strip() == "written"
    look = f"import os\nprint([p for p in {places} if os.path.exists(p)])"
    assert attempt(look).strip() == "[]"


def test_no_network(attempt):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    shown = attempt(
        "import socket\n"
        f"for place in (('127.0.0.1', {port}), ('192.0.2.1', 80)):\n"
        "    try: socket.create_connection(place, timeout=2); print('reached', place)\n"
        "    except OSError as error: print('no')\n"
        "print([line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line])"
    )
    listener.close()
    assert "reached" not in shown
    assert shown.strip().splitlines()[-1] in ("['lo']", "[]")


def test_sockets_are_of_a_few_families(attempt):
    """Every family that a number can name, as its kinds are tried; some know no namespaces."""
    shown = attempt(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "made, pair = set(), (ctypes.c_int * 2)()\n"
        "for family in range(-1, 200):\n"
        "    for kind in (1, 2, 3, 4, 5, 6, 10):\n"
        "        for protocol in (0, 1, 3, 16):\n"
        "            fd = libc.socket(family, kind, protocol)\n"
        "            if fd >= 0: made.add(family); os.close(fd)\n"
        "            elif family not in (1, 2, 10): assert ctypes.get_errno() == 97, family\n"
        "            if libc.socketpair(family, kind, protocol, pair) == 0:\n"
        "                made.add(family); os.close(pair[0]); os.close(pair[1])\n"
        "high = (1 << 32) + 16\n"  # the kernel reads the lower half alone
        "number = {'x86_64': 41, 'aarch64': 198}[os.uname().machine]\n"
        "made.add(libc.syscall(number, ctypes.c_long(high), 3, 0))\n"
        "print(sorted(made))"
    )
    made = set(json.loads(shown))
    assert 1 in made and made <= {-1, 1, 2, 10}


def test_what_libraries_do_with_sockets_works(attempt):
    shown = attempt(
        "import asyncio, multiprocessing.pool, socket\n"
        "a, b = socket.socketpair()\n"
        "a.send(b'x'); print(b.recv(1))\n"
        "server = socket.create_server(('127.0.0.1', 0)); server.close()\n"
        "print(asyncio.new_event_loop().run_until_complete(asyncio.sleep(0, 'slept')))\n"
        "with multiprocessing.pool.ThreadPool(2) as pool: print(pool.map(abs, [-1, -2]))"
    )
    assert shown.split("\n")[:3] == ["b'x'", "slept", "[1, 2]"]


def test_only_its_own_processes_are_seen(attempt):
    shown = attempt("import os\nprint(sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))")
    assert json.loads(shown) == [1]


def test_no_file_of_others_is_open(attempt):
    shown = attempt(
        "import os\n"
        "for fd in sorted(map(int, os.listdir('/proc/self/fd'))):\n"
        "    try: print(fd, os.readlink(f'/proc/self/fd/{fd}').split(':')[0])\n"
        "    except OSError: pass"
    )
    kinds = [line.split()[1] for line in shown.strip().splitlines()]
    # A pipe to send by, one to be asked by, and matplotlib's fonts; no socket, no pipe to a worker.
    assert kinds.count("pipe") == 2, shown
    rest = {kind for kind in kinds if kind != "pipe" and not kind.endswith(".ttf")}
    assert rest <= {"/dev/null", "/proc/1/fd"}


def test_nothing_of_an_earlier_submission_is_in_memory(attempt):
    look = (
        "import re\n"
        "wanted, found = re.compile(b'a_class[m]ates_answer'), 0\n"  # which is not what it finds
        "for line in open('/proc/self/maps'):\n"
        "    place, rights = line.split()[:2]\n"
        "    if not rights.startswith('rw'): continue\n"
        "    start, end = (int(n, 16) for n in place.split('-'))\n"
        "    with open('/proc/self/mem', 'rb') as memory:\n"
        "        try:\n"
        "            memory.seek(start)\n"
        "            found += wanted.search(memory.read(end - start)) is not None\n"
        "        except OSError: pass\n"
        "print(found)"
    )
    planted = "x = 'a_classmates_answer'\n" + look
    assert int(attempt(planted)) > 0  # so it would be found
    assert attempt(look).strip() == "0"


def test_no_rights_and_no_way_to_get_them(attempt):
    shown = attempt(
        "import ctypes\n"
        "status = dict(l.split(':', 1) for l in open('/proc/self/status'))\n"
        "names = ('CapEff', 'CapBnd', 'CapPrm', 'NoNewPrivs', 'Seccomp')\n"
        "print({k: status[k].strip() for k in names})\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print([libc.unshare(0x10000000), libc.mount(b'x', b'/tmp', b'tmpfs', 0, None),\n"
        "       libc.ptrace(0, 0, 0, 0), libc.syscall(319, b'm', 0), libc.setuid(0)])\n"
    )
    lines = shown.strip().splitlines()
    status = eval(lines[0])
    assert {int(status[k], 16) for k in ("CapEff", "CapBnd", "CapPrm")} == {0}
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert lines[1] == "[-1, -1, -1, -1, -1]"


def test_a_new_user_namespace_is_refused_by_clone_as_well(attempt):
    shown = attempt(
        "import subprocess\nprint(subprocess.run(['unshare', '-Ur', 'true'], "
        "capture_output=True).returncode)"
    )
    assert shown.strip() != "0"


def test_memory_has_a_limit(attempt):
    attempt("x = bytearray(3 * 10**9)", Limits(20.0, memory_mb=300))
    assert attempt.evidence.failed[0][0] == "MemoryError"


def test_memory_of_many_processes_has_a_limit(attempt):
    attempt(
        "import os, time\n"
        "for k in range(8):\n"
        "    if os.fork() == 0:\n"
        "        x = bytearray(150 * 2**20)\n"
        "        for i in range(0, len(x), 4096): x[i] = 1\n"
        "        time.sleep(30)\n"
        "        os._exit(0)\n"
        "time.sleep(30)",
        Limits(20.0, memory_mb=400),
    )
    assert attempt.evidence.stopped[0][0] == "out of memory"


def test_memory_in_mapped_files_has_a_limit(attempt):
    places = [f"{folder}/x" for folder in scratch_folders()]
    attempt(
        "import mmap, time\n"
        "kept = []\n"
        f"for path in {places}:\n"
        "    with open(path, 'w+b') as file:\n"
        "        file.truncate(200 * 2**20)\n"
        "        kept.append(mmap.mmap(file.fileno(), 0))\n"
        "    for k in range(0, len(kept[-1]), 4096): kept[-1][k] = 1\n"
        "time.sleep(30)",
        Limits(20.0, memory_mb=300),
    )
    assert attempt.evidence.stopped[0][0] == "out of memory"


def test_memory_that_no_limit_counts_is_refused(attempt):
    shown = attempt(
        "import ctypes, fcntl, mmap, os, sys\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print({libc.semget(0, 32000, 0o1600), libc.msgget(0, 0o1600),\n"
        "       libc.shmget(0, 9999, 0o1600)})\n"
        "def shared(): mmap.mmap(-1, 1 << 20)\n"
        "def zeros(): mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 20)\n"
        "def pipe(): fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)\n"
        "for call in (shared, zeros, pipe):\n"
        "    try: call(); print('done', call)\n"
        "    except OSError: print('refused')\n"
        "print(len(mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)))"
    )
    assert shown.split() == ["{-1}", "refused", "refused", "refused", "4096"]


def test_files_have_a_limit(attempt):
    shown = attempt("import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                    "open('x', 'wb').write(bytes(400 * 2**20))")  # fmt: skip
    assert "File too large" in shown or "No space" in shown


def test_processes_have_a_limit(attempt):
    attempt(
        "import os, time\n"
        "while True:\n"
        "    try:\n"
        "        if os.fork() == 0: time.sleep(60); os._exit(0)\n"
        "    except OSError: time.sleep(0.01)",
        Limits(5.0),
    )
    status, why = attempt.evidence.stopped.get(0, ("timed out", ""))
    # Root's processes are counted by the supervisor, an ordinary user's by the kernel as well.
    assert status in ("crashed", "timed out"), why


def test_a_fork_bomb_is_stopped_at_once(attempt, station):
    station.warm_up()  # what the warm parent imports is not the bomb's time
    started = time.monotonic()
    attempt("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", Limits(10.0))
    assert attempt.evidence.stopped[0][0] == "crashed"
    assert time.monotonic() - started < 10


def test_time_has_a_limit(attempt):
    started = time.monotonic()
    attempt("sum(range(10**15))", Limits(2.0))
    assert attempt.evidence.stopped[0][0] == "timed out"
    assert time.monotonic() - started < 30


def test_output_has_a_limit(attempt):
    shown = attempt("print('a' * 10**8)")
    assert len(shown) < 100_000 and "left out" in shown


def test_nothing_survives(attempt):
    attempt(
        "import subprocess\n"
        "subprocess.Popen('setsid nohup sleep 9191 >/dev/null 2>&1 &', shell=True)\nprint(1)"
    )
    time.sleep(0.3)
    ps = subprocess.run(["ps", "axo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 9191" not in ps


def test_nothing_of_the_instructors_environment_is_seen(attempt, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "secret-token")
    shown = attempt("import os\nprint(sorted(os.environ))")
    assert "MY_TOKEN" not in shown


def test_the_sandbox_ends_with_whoever_started_it(needs_sandbox):
    program = (
        "import time\n"
        "from labtools.grading.sandbox.station import Station\n"
        "station = Station('lab05', ('json',))\n"
        "station._start(warm=False)\n"
        "print(station._line.pid, flush=True)\ntime.sleep(60)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.1)
    assert not os.path.exists(f"/proc/{pid}")


def test_where_there_is_no_sandbox_it_says_so(monkeypatch, tmp_path, assignment):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_sandbox(tmp_path) == (None, "the program bwrap is not installed")
    with pytest.raises(NoSandbox, match="--unsafe"):
        Station(assignment.lab, assignment.modules)


def test_the_course_is_covered_where_python_itself_is(needs_sandbox, monkeypatch, tmp_path):
    """As with a course kept under /usr, or a package that was installed and not linked."""

    place = os.path.dirname(json.__file__)
    program = f"import os; print(os.listdir({place!r}))"
    shown = {}
    for own in ([], [place]):
        monkeypatch.setattr(bubblewrap, "_own_folders", lambda own=own: own)
        command = bubblewrap.Sandbox(True, True).command(tmp_path, program)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        shown[len(own)] = eval(done.stdout)
    assert "decoder.py" in shown[0] and shown[1] == []


def test_an_ordinary_user_has_the_same_walls(needs_sandbox, tmp_path):
    """With the system's Python, which an ordinary user can always read."""
    if os.getuid() != 0 or not os.path.exists("/usr/bin/python3"):
        pytest.skip("only root can become somebody else")
    import shutil

    from labtools.grading import inside

    os.chmod(tmp_path, 0o755)
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/") and os.stat(folder).st_mode & 0o005 != 0o005:
            os.chmod(folder, os.stat(folder).st_mode | 0o055)
    shutil.copytree(os.path.dirname(inside.__file__), tmp_path / "inside")
    program = bubblewrap._TRY.format(
        course=bubblewrap.COURSE, nested=True, scratch=bubblewrap.scratch_folders()
    )
    command = bubblewrap.Sandbox(True, True).command(tmp_path, program)
    python = [str(f) for f in bubblewrap._python_folders()]
    kept = []
    skip = iter(range(len(command)))
    for k in skip:
        if command[k] == "--ro-bind" and command[k + 1] in python:
            next(skip), next(skip)
            continue
        kept.append("/usr/bin/python3" if command[k] == sys.executable else command[k])
    done = subprocess.run(
        ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", *kept],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.prove
def test_threads_may_share_a_process_of_sandboxes(needs_sandbox, assignment):
    """Two submissions at a time in one worker process, as a Dask worker with threads has them."""
    from labtools.grading.records import Job, Settings, Submission
    from labtools.grading.running.unit import grade_unit
    from tests.grading.corpora.base import LAB, solved

    content = json.dumps(solved()).encode()
    scores = []

    def work(name: str) -> None:
        job = Job(assignment, Settings(), Submission(name, content, f"{LAB}.ipynb"))
        scores.append(sum(v.score or 0 for v in grade_unit(job).verdicts))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scores == [90, 90]
