"""The process from which workers are forked: it has their imports and nothing else.

A fork of the command itself would carry the gradebook's connection.
"""

import atexit
import contextlib
import functools
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator

#: The environment variable that tells it which folders are this command's alone.
FOLDERS = "LABS_GRADE_FOLDERS"
#: What it imports, in this order.
_PRELOADED = ["labtools.grading.running.keeper", "labtools.grading.running.warm_worker"]


def context() -> multiprocessing.context.BaseContext:
    """How workers are started on this machine."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(_PRELOADED)
    return chosen


def start() -> None:
    """Start it at once, where there is one, so that it imports while the command does.

    One that runs already is left as it is.
    """
    if context().get_start_method() == "forkserver":
        # Which not every system can import.
        from multiprocessing import forkserver, resource_tracker, util

        os.environ[FOLDERS] = json.dumps([scratch(), util.get_temp_dir()])
        with _held_back():
            # It lets Ctrl-C through again here when it has started, so that comes after it.
            resource_tracker.ensure_running()
            with _held_back():
                forkserver.ensure_running()


@functools.lru_cache(maxsize=1)
def scratch() -> str:
    """The folder for temporary files of this command and its workers.

    It goes when the command ends; where that is killed, the process of this module removes it.
    """
    folder = tempfile.mkdtemp(prefix="labs-grade-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Have what is started here see neither Ctrl-C nor a closed terminal: the command stops it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
