"""Processor time that a call may take: what a submission contains may be made to keep us busy."""

import contextlib
import ctypes
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any


class TooLong(BaseException):
    """The time is over; no ``except Exception`` on the way swallows it."""


@contextlib.contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in what is inside after so much processor time, in any thread.

    Parameters
    ----------
    seconds : float
        Processor time: other work on the same machine does not count. Of a thread that is not the
        main one, where a system cannot tell it, time on the clock.
    """
    main = threading.current_thread() is threading.main_thread()
    with _by_signal(seconds) if main and hasattr(signal, "setitimer") else _by_watch(seconds):
        yield


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    def ring(signum, frame):
        raise TooLong

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def _by_watch(seconds: float) -> Iterator[None]:
    """Have another thread look at this one's time: only the main thread is sent signals."""
    watched = threading.get_ident()
    used = _clock_of(watched)
    begun = used()
    lock, over = threading.Lock(), threading.Event()

    def watch() -> None:
        left = seconds
        while left > 0:
            if over.wait(max(left, 0.01)):
                return
            left = seconds - (used() - begun)
        with lock:
            # Never after the end of the block: whatever comes then is not what is limited.
            if not over.is_set():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(watched), ctypes.py_object(TooLong)
                )

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        # It may have been raised, and not have come yet: then it comes in this loop. Taken back, it
        # would leave CPython 3.11 looking for it forever: slowly, or where a profiler is set, in a
        # loop without an end.
        with contextlib.suppress(TooLong):
            with lock:
                over.set()
            for _ in range(10):
                pass
        over.set()


def _clock_of(ident: int) -> Callable[[], float]:
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    clock = time.pthread_getcpuclockid(ident)
    return lambda: time.clock_gettime(clock)


class Budget:
    """Processor time for all the calls that one submission needs.

    Parameters
    ----------
    seconds, each : float
        Of all calls together, and of each: the first that is too much need not be the last.
    """

    def __init__(self, seconds: float, each: float) -> None:
        self.left, self.each = seconds, each

    def call(self, make: Callable[..., Any], *arguments: Any) -> Any:
        """What `make` returns.

        Raises
        ------
        TooLong
            If it takes longer than there is time.
        """
        if self.left <= 0:
            raise TooLong
        begun, allowed = time.thread_time(), min(self.left, self.each)
        used = 0.0
        try:
            with limit(allowed):
                return make(*arguments)
        except TooLong:
            # The system's timer is coarser than its clock and may ring a moment early.
            used = allowed
            raise
        finally:
            self.left -= max(used, time.thread_time() - begun)
