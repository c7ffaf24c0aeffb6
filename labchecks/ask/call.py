"""Running a student's code: quietly, within a time limit, and from a known random state."""

import contextlib
import dis
import io
import linecache
import random
import signal
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

#: What is asked of, and what comes back: plain data.
Case = Mapping[str, Any]
Answer = dict[str, Any]

#: Seconds that one call of a student's function may take in a check cell.
TIME_LIMIT = 10.0

#: Bytes of code that no body has which does nothing.
LONG = 200

_limit = TIME_LIMIT


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let each call take so many seconds instead of :data:`TIME_LIMIT`."""
    global _limit
    usual, _limit = _limit, seconds
    try:
        yield
    finally:
        _limit = usual


class _Overtime(BaseException):
    """Raised in a student's function that runs too long; no ``except Exception`` swallows it."""


def is_stub(thing: object) -> bool:
    """Whether a function or class body still does nothing but document itself."""
    if isinstance(thing, types.FunctionType):
        if len(thing.__code__.co_code) > LONG:
            return False  # without looking at each instruction, which takes a millisecond
        body = [op for op in dis.get_instructions(thing) if op.opname not in ("RESUME", "NOP")]
        names = [op.opname for op in body]
        nothing = (["LOAD_CONST", "RETURN_VALUE"], ["RETURN_CONST"])
        return names in nothing and body[0].argval is None
    if isinstance(thing, type):
        return all(is_stub(v) for k, v in vars(thing).items() if k not in _IMPLICIT_IN_A_CLASS)
    return thing is None


#: What a class has without being told.
_IMPLICIT_IN_A_CLASS = frozenset(
    "__module__ __doc__ __qualname__ __dict__ __weakref__ __firstlineno__ __static_attributes__ "
    "__annotations__ __annotate_func__ __annotations_cache__".split()
)


def call(function: Callable[[], Any], seconds: float | None = None) -> tuple[Any, Answer | None]:
    """Run a student's code quietly and within a time limit.

    Parameters
    ----------
    function : callable
        Takes nothing; usually a lambda around the student's function.
    seconds : float, optional
        After this long (that of :func:`time_limit` if left out) the call is stopped, where the
        platform can: in the main thread of a system with SIGALRM. Elsewhere it runs to its end.
        Time in which a busy machine had no processor for it does not count, where that is known.

    Returns
    -------
    result, failure
        What the function returned and ``None``; or ``None`` and an answer of kind ``error`` or
        ``timeout``. What it prints, warns or logs is dropped: an honest ``print`` is no mistake.
    """
    seconds = _limit if seconds is None else seconds
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with _stopped_after(seconds):
                    return function(), None
    except _Overtime:
        return None, {"kind": "timeout", "seconds": seconds}
    # SystemExit too: `exit()` in an answer must not end the check. An interrupt by the student ends
    # their function, and the check then says in which line it was.
    except BaseException as error:
        return None, describe_error(error)


def can_stop() -> bool:
    """Whether a call can be stopped here when its time is up."""
    return hasattr(signal, "setitimer") and (threading.current_thread() is threading.main_thread())


@contextlib.contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    if not can_stop():
        yield
        return

    imported, end = False, _own_time() + seconds

    def stop(signum, frame):
        nonlocal imported, end
        if _importing(frame):
            imported = True
            return
        if imported:
            imported, end = False, _own_time() + seconds
        more = end - _own_time()
        if more < 0.01:
            raise _Overtime
        signal.setitimer(signal.ITIMER_REAL, more, 1.0)

    before = signal.signal(signal.SIGALRM, stop)
    # It fires again every second, for code that swallows even BaseException once.
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    began = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:  # whoever had set the timer before is still to be woken, at once if it is late
            left = max(left - (time.monotonic() - began), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def _own_time() -> float:
    """Seconds without those in which this thread was ready to run and another one ran instead."""
    try:
        with open("/proc/thread-self/schedstat", "rb") as file:
            waited = int(file.read().split()[1]) / 1e9
    except Exception:
        waited = 0.0  # the system does not tell, or a notebook has an `open` of its own
    return time.monotonic() - waited


def _importing(frame: types.FrameType | None) -> bool:
    """Whether an import is under way, such as the long one of a first optimizer.

    Cut off, it would leave a half-made module behind, and the kernel could not use it any more. The
    time it takes is the machine's, so the limit starts again when it is done.
    """
    while frame is not None and frame.f_code is not call.__code__:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def describe_error(error: BaseException) -> Answer:
    """An error as an answer: with the student's own line in which it came up."""
    line, source = None, ""
    frame = error.__traceback__
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if "ipykernel" in name or "ipython-input" in name or name.startswith("<"):
            line = frame.tb_lineno
            source = linecache.getline(name, line).strip()
        frame = frame.tb_next
    return {
        "kind": "error",
        "error": type(error).__name__,
        "message": str(error)[:300],
        "line": line,
        "source": source[:200],
    }


@contextlib.contextmanager
def same_start(seed: int) -> Iterator[None]:
    """Give PyTorch, NumPy and Python the same random state each time, and put theirs back after.

    PyTorch works with one thread meanwhile: on so few rows several would only wait for each other.
    And it takes gradients, whatever another cell has switched off.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    before = random_states() if _put_back else None
    own = {name: getattr(np.random, name) for name in _GENERATORS}
    slow, torch.manual_seed = torch.manual_seed, _seed
    reseed(seed)
    for name, make in own.items():
        # Without a seed each of these draws one from the system.
        setattr(
            np.random, name, lambda given=None, make=make: make(seed if given is None else given)
        )
    try:
        with torch.enable_grad():
            yield
    finally:
        torch.set_num_threads(threads)
        torch.manual_seed = slow
        for name, make in own.items():
            setattr(np.random, name, make)
        if before is not None:
            random.setstate(before[0])
            np.random.set_state(before[1])
            torch.set_rng_state(before[2])


_put_back = True


def random_states() -> tuple[Any, Any, Any]:
    """The states of the random numbers of Python, NumPy and PyTorch."""
    import torch

    return random.getstate(), np.random.get_state(), torch.get_rng_state()


@contextlib.contextmanager
def states_left() -> Iterator[None]:
    """Let :func:`same_start` put no states back meanwhile: that takes longer than some training."""
    global _put_back
    usual, _put_back = _put_back, False
    try:
        yield
    finally:
        _put_back = usual


def reseed(seed: int) -> None:
    """Begin the random numbers of PyTorch, NumPy and Python at a seed."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    _seed(seed)


_GENERATORS = ("default_rng", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


def _seed(seed: int) -> Any:
    """``torch.manual_seed``, quickly.

    That writes down where it was called for each kind of device that is not there, which takes
    longer than some training.
    """
    import torch

    built_for = [getattr(torch.version, kind, None) for kind in ("cuda", "hip", "xpu")]
    if any(built_for) or torch.backends.mps.is_built():
        return torch.random.manual_seed(seed)
    return torch.default_generator.manual_seed(int(seed))
