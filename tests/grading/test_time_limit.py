"""A call that does not end is ended, in whichever thread it is."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading

import pytest

from labtools.grading.judging.time_limit import Budget, TooLong, limit


def never_ends(swallows: bool = False) -> None:
    while True:
        with contextlib.suppress(Exception) if swallows else contextlib.nullcontext():
            sum(range(100))


def outcome(*calls) -> list[str]:
    """What becomes of each call, one after the other, within a short time each."""
    said = []
    for call in calls:
        try:
            with limit(0.2):
                said.append(str(call()))
        except TooLong:
            said.append("too long")
    return said


def in_a_thread(call):
    made = []
    thread = threading.Thread(target=lambda: made.append(call()))
    thread.start()
    thread.join()
    return made[0]


CALLS = (lambda: 1, never_ends, lambda: 2, lambda: never_ends(True), lambda: sum(range(9)))


def test_in_the_main_thread():
    assert outcome(*CALLS) == ["1", "too long", "2", "too long", "36"]
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_in_another_thread_as_on_a_cluster():
    assert in_a_thread(lambda: outcome(*CALLS)) == ["1", "too long", "2", "too long", "36"]


THEN_PROFILED = """
import sys, threading
from labtools.grading.judging.time_limit import TooLong, limit

def work():
    for seconds, rows in ((5, 1), (0.01, 10**9)):
        try:
            with limit(seconds):
                for _ in range(rows):
                    pass
        except TooLong:
            print("too long")

{run}
sys.setprofile(lambda *_: None)
(lambda: None)()
"""


@pytest.mark.parametrize(
    "run", ["work()", "thread = threading.Thread(target=work); thread.start(); thread.join()"]
)
def test_a_process_can_be_profiled_afterwards(course, run):
    """The interpreter must not go on looking for an exception that was taken back."""
    done = subprocess.run(
        [sys.executable, "-c", THEN_PROFILED.format(run=run)],
        cwd=course,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "too long\n", "")


def test_nothing_comes_after_the_end():
    def many() -> int:
        for _ in range(300):
            with contextlib.suppress(TooLong), limit(0.0001):
                sum(range(20_000))
        return sum(1 for _ in range(200_000))

    assert many() == in_a_thread(many) == 200_000


def test_waiting_does_not_count():
    waited = threading.Event()
    assert in_a_thread(lambda: outcome(lambda: waited.wait(0.5))) == ["False"]
    assert outcome(lambda: waited.wait(0.5)) == ["False"]


def test_calls_share_a_budget():
    budget = Budget(0.3, 0.2)
    assert budget.call(len, "abc") == 3
    for _ in range(2):
        with pytest.raises(TooLong):
            budget.call(never_ends)
    with pytest.raises(TooLong):  # not even begun
        budget.call(len, "abc")


def test_a_call_that_ran_over_has_used_all_it_was_allowed():
    """However early the system's timer rings."""

    def rings_early():
        raise TooLong

    budget = Budget(0.3, 0.2)
    for left in (0.1, 0.0):
        with pytest.raises(TooLong):
            budget.call(rings_early)
        assert budget.left == pytest.approx(left, abs=0.05)
    with pytest.raises(TooLong):
        budget.call(len, "abc")
