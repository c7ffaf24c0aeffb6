"""However the command ends, nothing of it stays behind, and it says no more than it must."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.grading.corpora.base import LAB, ROOT, Case, solved
from tests.grading.corpora.running import read_grades

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("needs_sandbox"),
]

#: Seconds in which everything has gone: whatever imports on a busy machine does so to the end.
SOON = 90


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Submissions of which one sleeps as long as it may."""
    made = tmp_path_factory.mktemp("in")
    for k in range(3):
        Case(f"s{k}", solved()).write(made)
    Case("sleepy", solved(fit_gd="import time\ntime.sleep(1000)\n")).write(made)
    return made


class Running:
    """The command in a session of its own, with a folder of its own for temporary files."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.out, self.scratch = home / "out", home / "t"
        self.scratch.mkdir()
        command = [sys.executable, "-m", "labtools.cli", "--root", str(ROOT), "grade", "lab05"]
        self.process = subprocess.Popen(
            [*command, str(folder), "--out", str(self.out), "--jobs", "2"],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.scratch)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, there: Callable[[], bool]) -> None:
        for _ in range(3000):
            if there() or self.process.poll() is not None:
                return
            time.sleep(0.1)
        raise AssertionError("the command does not get on")

    def wait_for_a_grade(self) -> None:
        journal = self.out / "journal" / f"{LAB}.jsonl"
        self.wait_for(lambda: journal.exists() and b"\n" in journal.read_bytes())

    def processes(self) -> list:
        import psutil

        return psutil.Process(self.process.pid).children(recursive=True)

    def own(self) -> list[str]:
        """The command lines of all processes that know its folder."""
        mark = str(self.scratch).encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes()
                if mark in words or mark in (process / "environ").read_bytes():
                    found.append(words.replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        return found

    def left(self) -> list[str]:
        """What is there of it: processes and files."""
        return [*self.own(), *os.listdir(self.scratch)]


@pytest.fixture
def running(folder, tmp_path):
    made = Running(folder, tmp_path)
    yield made
    if made.process.poll() is None:
        os.killpg(made.process.pid, signal.SIGKILL)


def wait_until_gone(running: Running, processes: list) -> None:
    end = time.monotonic() + SOON
    while running.left() or any(p.is_running() and p.status() != "zombie" for p in processes):
        assert time.monotonic() < end, (running.left(), processes)
        time.sleep(0.1)


def test_a_killed_command_leaves_nothing(running):
    running.wait_for_a_grade()
    processes = running.processes()
    assert any("bwrap" in line for line in running.own())
    assert os.listdir(running.scratch)
    running.process.kill()
    # Whoever reads what it says reads on until the last process has ended.
    running.process.communicate(timeout=SOON)
    wait_until_gone(running, processes)


def test_a_command_that_is_killed_before_it_has_workers_leaves_nothing(running):
    running.wait_for(lambda: len(running.own()) >= 3)
    running.process.kill()
    running.process.communicate(timeout=SOON)
    wait_until_gone(running, [])


@pytest.mark.usefixtures("heeds_interrupts")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_told_to_end_it_writes_the_tables_first(running, name):
    number = getattr(signal, name)
    running.wait_for_a_grade()
    processes = running.processes()
    # A closed terminal tells all of its processes.
    send = os.killpg if name == "SIGHUP" else os.kill
    send(running.process.pid, number)
    said = running.process.communicate(timeout=SOON)[1]
    assert running.process.returncode == 128 + number
    assert "Stopping…" in said and "Stopped." in said and "Traceback" not in said
    assert 1 <= len(read_grades(running.out)) < 4
    wait_until_gone(running, processes)


@pytest.mark.usefixtures("heeds_interrupts")
def test_an_interrupt_while_it_starts_says_that_and_no_more(running):
    # The folder is its own from here on, and the workers still import what they need.
    running.wait_for((running.out / ".labs-grade.lock").exists)
    os.killpg(running.process.pid, signal.SIGINT)
    said = running.process.communicate(timeout=SOON)[1]
    assert running.process.returncode == 130
    assert said.startswith("Stopping…\n") and "Traceback" not in said
    wait_until_gone(running, [])


def test_a_signal_that_is_to_be_ignored_is(capfd):
    from labtools.grading.running.stopping import Stopping

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stopping() as stopping:
            os.kill(os.getpid(), signal.SIGHUP)
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
            # To be told once more must not cost the tables.
            os.kill(os.getpid(), signal.SIGTERM)
            assert stopping.code == 143
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
