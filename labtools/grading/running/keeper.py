"""The first thing that is imported by the process that workers are forked from.

Ctrl-C and a closed terminal are none of its business. It ends after the command and after all
workers, however they end, and so it removes what a command leaves that was killed.
"""

import atexit
import json
import os
import shutil
import signal

from labtools.grading.running.server import FOLDERS


def _tidy_up(owner: int, folders: list[str]) -> None:
    if os.getpid() == owner:  # and not a worker, which is a copy
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


# `server.start` has held them back until here.
for _number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(_number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {_number})
atexit.register(_tidy_up, os.getpid(), json.loads(os.environ.get(FOLDERS, "[]")))
