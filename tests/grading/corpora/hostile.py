"""Hostile and broken submissions: what they break may cost only what depends on it.

Most are solved labs with one bad cell after `lab05-loss`; everything else in them deserves its
points, and `deserved` lists those. Where nothing can be run, every practice has 0.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.grading.corpora.base import (
    ANSWERS,
    LAB,
    Case,
    Notebook,
    before,
    copied,
    each,
    find,
    first,
    grade_id,
    last,
    solved,
)

CASES: list[Case] = []

#: Points of the practices that the program judges.
POINTS = {
    "lab05-model": 10.0,
    "lab05-loss": 10.0,
    "lab05-fit-gd": 30.0,
    "lab05-plot-gd": 5.0,
    "lab05-fit-bgd": 30.0,
    "lab05-plot-bgd": 5.0,
}
ALL = dict(POINTS)


def but(*lost: str) -> dict[str, float]:
    """All points but those of these practices."""
    return {id_: 0.0 if id_[6:] in lost else points for id_, points in POINTS.items()}


def hostile(build: Callable[[], Notebook | Case]) -> Callable:
    """Add what the function builds to the corpus, under the function's name."""
    made = build()
    CASES.append(made if isinstance(made, Case) else Case(build.__name__, made, deserved=ALL))
    return build


def bad_cell(source: str) -> Notebook:
    """A solved lab with one bad cell in it."""
    return before(solved(), "lab05-fit-gd", source)


def unreadable(name: str, content: bytes) -> Case:
    """A file that is no notebook."""
    return Case(name, content, deserved={}, statuses={"*": "unreadable"})


# Time ------------------------------------------------------------------------------------------


@hostile
def endless_loop():
    return bad_cell("while True: pass")


@hostile
def endless_loop_in_c():
    return bad_cell("sum(range(10**15))")


@hostile
def endless_regular_expression():
    return bad_cell("import re; re.match(r'(a+)+$', 'a' * 60 + 'b')")


@hostile
def swallows_interrupts():
    return bad_cell("while True:\n    try:\n        while True: pass\n"
                    "    except BaseException: pass")  # fmt: skip


@hostile
def ignores_the_alarm():
    return bad_cell(
        "import signal\nfor s in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):\n"
        "    signal.signal(s, signal.SIG_IGN)\nwhile True: pass"
    )


@hostile
def deadlock():
    return bad_cell("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()")


@hostile
def sleeps_for_a_day():
    return bad_cell("import time; time.sleep(86400)")


@hostile
def hangs_when_asked():
    endless = "def fit_GD(*a):\n    while True: pass\n"
    return Case(
        "hangs_when_asked",
        solved(fit_gd=endless, plot_gd="ax_GD = None"),
        deserved=but("fit-gd", "plot-gd"),
        statuses={"lab05-fit-gd": "timed out"},
    )


@hostile
def hangs_in_c_when_asked():
    endless = "def fit_GD(*a):\n    return sum(range(10**15))\n"
    return Case(
        "hangs_in_c_when_asked",
        solved(fit_gd=endless, plot_gd="ax_GD = None"),
        deserved=but("fit-gd", "plot-gd"),
        statuses={"lab05-fit-gd": "timed out"},
    )


@hostile
def hangs_in_the_answers_own_cell():
    # What the cell defines before it hangs is defined.
    return Case(
        "hangs_in_the_answers_own_cell",
        solved(fit_gd=ANSWERS["lab05-fit-gd"] + "\nsum(range(10**15))"),
        deserved=ALL,
    )


@hostile
def hangs_at_the_end():
    return last(solved(), "while True: pass")


@hostile
def hangs_while_it_is_shown():
    return bad_cell(
        "class Slow:\n    def __repr__(self):\n        while True: pass\nSlow()",
    )


@hostile
def asks_for_input():
    return bad_cell("while True: input('more? ')")


@hostile
def two_cells_that_never_end():
    # Each costs its own time, in the first run alone.
    notebook = before(solved(), "lab05-loss", "early = 1\nwhile True: pass")
    return before(notebook, "lab05-fit-gd", "assert early == 1\nwhile True: pass")


@hostile
def hangs_whenever_it_can():
    notebook = solved()
    for id_ in ("fit-bgd", "fit-bgd", "fit-bgd", "plot-bgd", "plot-bgd"):
        before(notebook, f"lab05-{id_}", "while True: pass")
    # Functions are asked in the time that is set aside; the last figure was never drawn.
    late = {"lab05-plot-bgd": "timed out"}
    return Case("hangs_whenever_it_can", notebook, deserved=but("plot-bgd"), statuses=late)


# Memory and output -----------------------------------------------------------------------------


@hostile
def memory_bomb():
    return bad_cell("heap = []\nwhile True: heap.append(bytearray(10**7))")


@hostile
def memory_bomb_in_torch():
    return bad_cell("big = torch.ones(10**12)")


@hostile
def memory_bomb_in_many_processes():
    return bad_cell(
        "import os\nfor k in range(20):\n    if os.fork() == 0:\n"
        "        heap = bytearray(os.urandom(1000)) * 400_000\n"
        "        import time; time.sleep(60)\n"
        "import time; time.sleep(60)"
    )


@hostile
def memory_bomb_in_shared_memory():
    return bad_cell(
        "with open('/dev/shm/x', 'wb') as f:\n    for k in range(10**5): f.write(bytes(10**6))"
    )


@hostile
def memory_bomb_when_asked():
    return Case(
        "memory_bomb_when_asked",
        solved(fit_gd="def fit_GD(*a):\n    return torch.ones(10**12)\n", plot_gd="ax_GD = None"),
        deserved=but("fit-gd", "plot-gd"),
        statuses={"lab05-fit-gd": ("out of memory", "error")},
    )


@hostile
def endless_print():
    return bad_cell("while True: print('a' * 1000)")


@hostile
def one_huge_print():
    return bad_cell("print('a' * 200_000_000)")


@hostile
def endless_display():
    return bad_cell(
        "from IPython.display import display, HTML\nwhile True: display(HTML('x'*9999))"
    )


@hostile
def huge_file():
    return bad_cell("with open('x', 'wb') as f:\n    while True: f.write(bytes(10**7))")


@hostile
def a_million_files():
    return bad_cell("for k in range(10**6): open(f'f{k}', 'w').close()")


# Processes -------------------------------------------------------------------------------------


@hostile
def exits_hard():
    return bad_cell("import os; os._exit(0)")


@hostile
def kills_itself():
    return bad_cell("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")


@hostile
def kills_everyone():
    return bad_cell("import os, signal\nfor pid in (-1, 1, os.getppid(), -os.getpgrp()):\n"
                    "    try: os.kill(pid, signal.SIGKILL)\n    except OSError: pass")  # fmt: skip


@hostile
def stops_itself():
    return bad_cell("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")


@hostile
def segmentation_fault():
    return bad_cell("import ctypes; ctypes.string_at(0)")


@hostile
def aborts():
    return bad_cell("import os; os.abort()")


@hostile
def recursion_without_end():
    return bad_cell("import sys; sys.setrecursionlimit(10**9)\ndef f(): return f()\nf()")


@hostile
def exits_when_asked():
    return Case(
        "exits_when_asked",
        solved(fit_gd="import os\ndef fit_GD(*a):\n    os._exit(0)\n", plot_gd="ax_GD = None"),
        deserved=but("fit-gd", "plot-gd"),
        statuses={"lab05-fit-gd": ("crashed", "incorrect")},
    )


@hostile
def fork_bomb():
    return bad_cell("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")


@hostile
def thread_bomb():
    return bad_cell(
        "import threading, time\nwhile True:\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )


@hostile
def takes_all_threads_and_goes_on():
    return bad_cell(
        "import threading, time\n"
        "try:\n"
        "    while True:\n"
        "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "except RuntimeError:\n"
        "    pass"
    )


@hostile
def detached_child():
    return bad_cell(
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        while True:\n"
        "            for place in ('/tmp/labs-survivor', '/dev/shm/labs-survivor', 'survivor'):\n"
        "                try: open(place, 'a').write('still here')\n"
        "                except OSError: pass\n"
        "            time.sleep(0.1)\n"
        "    os._exit(0)"
    )


@hostile
def background_shell():
    return bad_cell("import subprocess\nsubprocess.Popen('nohup sleep 4242 &', shell=True)")


# The surroundings ------------------------------------------------------------------------------


@hostile
def deletes_everything():
    return bad_cell("import shutil\nfor p in ('/', '.', '..', '/tmp', '/usr', '/labs-course'):\n"
                    "    shutil.rmtree(p, ignore_errors=True)")  # fmt: skip


@hostile
def overwrites_what_it_can():
    return bad_cell(
        "import glob, os\n"
        "for p in glob.glob('/labs-course/**', recursive=True) + glob.glob('../**'):\n"
        "    try: open(p, 'w').write('gone')\n"
        "    except OSError: pass"
    )


@hostile
def leaves_its_folder():
    return bad_cell("import os\nos.chdir('/')\nos.rmdir('/submission') if 0 else None\n"
                    "import shutil; shutil.rmtree('/submission', ignore_errors=True)")  # fmt: skip


@hostile
def attacks_the_parent():
    return bad_cell(
        "import os, ctypes\nlibc = ctypes.CDLL(None)\n"
        "for pid in (1, os.getppid(), 2, 3):\n"
        "    libc.ptrace(16, pid, 0, 0)\n"
        "    for name in ('mem', 'oom_score_adj', 'environ'):\n"
        "        try: open(f'/proc/{pid}/{name}', 'r+b').write(b'x')\n"
        "        except OSError: pass\n"
        "libc.unshare(0x10000000); libc.mount(b'x', b'/', b'tmpfs', 0, 0)"
    )


@hostile
def writes_to_the_kernel():
    return bad_cell(
        "for p in ('/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/self/oom_adj'):\n"
        "    try: open(p, 'w').write('b')\n"
        "    except OSError: pass"
    )


@hostile
def phones_home():
    return bad_cell(
        "import socket, urllib.request\n"
        "for place in (('192.0.2.1', 80), ('127.0.0.1', 22), ('localhost', 8786)):\n"
        "    try: socket.create_connection(place, timeout=1); print('REACHED', place)\n"
        "    except OSError: pass\n"
        "try: urllib.request.urlopen('http://example.org', timeout=1); print('REACHED')\n"
        "except OSError: pass"
    )


@hostile
def closes_every_file():
    return Case(
        "closes_every_file", last(solved(), "import os; os.closerange(0, 256)"), deserved=None
    )


@hostile
def floods_every_pipe():
    return Case(
        "floods_every_pipe",
        last(
            solved(),
            "import os\nfor fd in range(3, 64):\n    try:\n"
            "        while os.write(fd, b'[' * 65536): pass\n    except OSError: pass",
        ),
        deserved=None,
    )


@hostile
def says_numbers_that_take_for_ever():
    line = "b'{\"cell\": ' + b'9' * 3000000 + b'}\\n' + b'[' * 200000 + b'\\n'"
    return last(
        solved(),
        "import os, stat\nfor fd in range(3, 64):\n    try:\n"
        f"        if stat.S_ISFIFO(os.fstat(fd).st_mode): os.write(fd, {line})\n"
        "    except OSError: pass",
    )


@hostile
def raises_strange_things():
    return bad_cell(
        "class Odd(BaseException):\n"
        "    def __str__(self): raise SystemExit\n"
        "    __repr__ = __str__\nraise Odd"
    )


@hostile
def breaks_the_shell():
    return bad_cell(
        "import sys, builtins\nsys.stdout = sys.stderr = None\nsys.modules.clear()\n"
        "get_ipython().__dict__.clear()"
    )


@hostile
def deletes_the_builtins():
    return Case(
        "deletes_the_builtins",
        last(solved(), "import builtins\nfor n in dir(builtins):\n    delattr(builtins, n)"),
        deserved=None,
    )


@hostile
def hangs_at_exit():
    return bad_cell(
        "import atexit, threading\natexit.register(threading.Event().wait)\n"
        "threading.Thread(target=threading.Event().wait).start()"
    )


# Files that are no notebook ----------------------------------------------------------------------


@hostile
def malformed_json():
    return unreadable("malformed_json", b'{"cells": [,]}')


@hostile
def cut_short():
    return unreadable("cut_short", json.dumps(solved()).encode()[:5000])


@hostile
def empty_file():
    return unreadable("empty_file", b"")


@hostile
def white_space():
    return unreadable("white_space", b"\xef\xbb\xbf \n\n")


@hostile
def binary():
    return unreadable("binary", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)


@hostile
def null_bytes():
    return unreadable("null_bytes", bytes(5000))


@hostile
def a_list():
    return unreadable("a_list", b"[1, 2, 3]")


@hostile
def deeply_nested():
    return unreadable("deeply_nested", b"[" * 200_000)


@hostile
def a_huge_number():
    return unreadable("a_huge_number", b'{"cells": ' + b"9" * 5_000_000 + b"}")


@hostile
def no_cells():
    return unreadable("no_cells", b'{"cells": [], "nbformat": 4}')


@hostile
def html_instead():
    return unreadable("html_instead", b"<!DOCTYPE html><html><body>Log in</body></html>")


@hostile
def far_too_large():
    return unreadable("far_too_large", b'{"cells": "' + b"a" * 45_000_000 + b'"}')


@hostile
def missing():
    return Case("missing", None, deserved={}, statuses={"*": "missing"})


@hostile
def another_lab_only():
    return Case(
        "another_lab_only",
        None,
        {"lab01_two_parameter_training.ipynb": b"{}"},
        deserved={},
        statuses={"*": "missing"},
    )


@hostile
def symbolic_link():
    def place(home: Path) -> None:
        home.mkdir()
        (home / f"{LAB}.ipynb").symlink_to("/etc/passwd")

    return Case("symbolic_link", None, place=place, deserved={}, statuses={"*": "unreadable"})


@hostile
def folder_that_is_a_link():
    def place(home: Path) -> None:
        home.symlink_to("/etc")

    return Case(
        "folder_that_is_a_link", None, place=place, deserved={}, statuses={"*": "unreadable"}
    )


@hostile
def a_pipe():
    def place(home: Path) -> None:
        home.mkdir()
        os.mkfifo(home / f"{LAB}.ipynb")

    return Case("a_pipe", None, place=place, deserved={}, statuses={"*": "unreadable"})


@hostile
def a_folder_of_that_name():
    def place(home: Path) -> None:
        (home / f"{LAB}.ipynb").mkdir(parents=True)

    return Case("a_folder_of_that_name", None, place=place, deserved={}, statuses={"*": "missing"})


# Notebooks that break the format -----------------------------------------------------------------


@hostile
def wrong_nbformat():
    return Case("wrong_nbformat", solved() | {"nbformat": 99, "nbformat_minor": "x"}, deserved=ALL)


@hostile
def doubled_ids():
    return each(solved(), lambda cell: cell.update(id="same"))


@hostile
def doubled_grade_ids():
    notebook = solved()
    notebook["cells"] += [copied(c) for c in notebook["cells"] if grade_id(c) in ANSWERS]
    return notebook


@hostile
def metadata_of_the_wrong_type():
    notebook = solved()
    for cell in notebook["cells"]:
        if grade_id(cell) is None:
            cell["metadata"] = ["not", "a", "dict"]
    notebook["cells"][0]["metadata"] = {"nbgrader": "yes", "tags": 3}
    return Case("metadata_of_the_wrong_type", notebook | {"metadata": None}, deserved=ALL)


@hostile
def cells_of_the_wrong_type():
    notebook = solved()
    notebook["cells"][2:2] = [None, 3, "cell", [], {}, {"cell_type": 7, "source": {"a": 1}}]
    notebook["cells"][0]["source"] = list("".join(notebook["cells"][0]["source"]))
    return notebook


@hostile
def half_characters():
    notebook = first(solved(), "x = '\ud800'")
    return notebook


@hostile
def null_characters_in_a_cell():
    return bad_cell("x = 1\x00\nprint(x)")


@hostile
def a_cell_of_a_megabyte():
    return bad_cell("x = [" + "1," * 400_000 + "]")


@hostile
def a_text_that_takes_formatters_for_ever():
    notebook = solved()
    for k, text in enumerate(("[" * 300_000, "_a_ " * 80_000, "|a" * 90_000)):
        cell = {"cell_type": "markdown", "id": f"long{k}", "metadata": {}, "source": text}
        notebook["cells"].append(cell)
    return notebook


@hostile
def nested_too_deeply_for_the_parser():
    return bad_cell("x = " + "(" * 5000 + ")" * 5000)


@hostile
def a_thousand_cells():
    notebook = solved()
    cell = copied(notebook["cells"][find(notebook, "lab05-model-check")])
    cell["metadata"] = {}
    cell["source"] = "1 + 1"
    notebook["cells"] += [dict(cell, id=f"c{k}") for k in range(1000)]
    return notebook


@hostile
def a_name_in_another_script():
    return Case("学生 ١٢٣ <b>&amp;", solved(), deserved=ALL)
