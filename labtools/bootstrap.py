"""Set up the course's environment and open it: what `make` runs before anything is installed.

It needs nothing but Python's own library. It is run by whatever Python a machine has, so it
keeps to what an old one can read, if only to say that it is too old.

    python3 labtools/bootstrap.py lab            create or refresh .venv for a student
    python3 labtools/bootstrap.py --open FOLDER  open FOLDER in JupyterLab (with .venv's Python)
"""

from __future__ import print_function

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# Named from the course's folder, in which pip is run: pip splits a list of paths in its
# environment at blanks, and the way to the course may have some.
CONSTRAINTS = "constraints.txt"

# Who installs what. Each reader's install holds all of the one before it.
EXTRAS = {
    "lab": ("lab",),
    "instructor": ("lab", "instructor"),
    "site": ("lab", "instructor", "site"),
    "test": ("lab", "instructor", "cluster", "site", "test"),
}
SIZES = {
    "lab": "about 1.3 GB",
    "instructor": "about 1.5 GB",
    "site": "about 1.6 GB",
    "test": "about 1.8 GB",
}

# Bytes below which an environment does not even get its pip.
LEAST_FREE = 30 * 10**6

# Words in pip's messages, and what they mean to the reader. The first that is found is said.
CAUSES = (
    ("No space left on device", "the disk is full"),
    (
        "Connection|Temporary failure in name resolution|Name or service not known|"
        "getaddrinfo failed|Network is unreachable|timed out|ProxyError|SSLError|IncompleteRead|"
        "HTTP error",
        "a download failed: is this machine online?",
    ),
    ("THESE PACKAGES DO NOT MATCH THE HASHES", "a download arrived damaged: try again"),
    (
        "No matching distribution found|Could not find a version",
        "a package has no version for this Python and machine",
    ),
    ("Permission denied", "this folder may not be written to"),
)

# No news from elsewhere, and a kernel at once for a lab's source opened as a notebook.
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True},
}


class SetupError(Exception):
    """The set-up cannot go on; the message is one sentence for the reader."""


def main():
    """Do what the command line asks; return the exit code."""
    parser = argparse.ArgumentParser(description="Set up the course's environment.")
    parser.add_argument("reader", nargs="?", choices=sorted(EXTRAS), help="whose install")
    parser.add_argument("--torch", choices=["cpu"], help="take PyTorch's CPU build")
    parser.add_argument("--open", metavar="FOLDER", help="open this folder in JupyterLab")
    arguments = parser.parse_args()
    try:
        if arguments.reader:
            set_up(arguments.reader, arguments.torch)
        if arguments.open:
            return open_lab(arguments.open)
    except SetupError as error:
        print("setup: %s" % error, file=sys.stderr)
        return 1
    except (IOError, OSError) as error:
        print("setup: %s: %s" % (error.filename or ROOT, error.strerror), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: stopped; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


def set_up(reader, torch=None):
    """Bring .venv to what this reader needs; do nothing when it is there already."""
    check_python()
    folder = os.path.join(ROOT, ".venv")
    key = fingerprint(reader)
    if any(read_stamp(folder, other) == fingerprint(other) for other in larger_or_same(reader)):
        return
    started = time.time()
    if not is_usable(folder):
        say("creating .venv with Python %d.%d" % sys.version_info[:2])
        create(folder)
    for other in larger_or_same(reader):
        remove_stamp(folder, other)
    say("installing the course into .venv (%s, some minutes the first time)" % SIZES[reader])
    if torch == "cpu":
        # Alone: that index has PyTorch, but not our versions of what PyTorch needs.
        install(folder, ["--no-deps", "--index-url", CPU_INDEX, pinned("torch")])
    install(folder, ["-c", CONSTRAINTS, "-e", ".[%s]" % ",".join(EXTRAS[reader])])
    compile_all(folder)
    write_settings(folder)
    write_stamp(folder, reader, key)
    say("ready after %d s" % (time.time() - started))


def open_lab(folder):
    """Run JupyterLab on a folder of the course until the user stops it."""
    place = os.path.normpath(os.path.join(ROOT, folder))
    # At this log level the address is still shown, and it is what the reader needs to see.
    command = [sys.executable, "-m", "jupyterlab", "--log-level=WARN"]
    command += ["--ServerApp.root_dir=%s" % place]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # as in a container, where there is no other user
    if not has_browser():
        command += ["--no-browser"]
        say("no browser here: open the address that begins with http:// below in one")
    say(where_commands_are())
    say("starting JupyterLab on %s (stop it with Ctrl-C)" % place)
    os.chdir(ROOT)
    if os.name != "nt":
        # In this process's place: whatever stops it, stops JupyterLab.
        os.execv(sys.executable, command)
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 0


def where_commands_are():
    """Return a sentence on how to call the course's commands from a terminal."""
    place = os.path.dirname(python_of(".venv"))
    there = os.listdir(os.path.join(ROOT, place))
    # `labs` comes with the course; what it needs comes with nbgrader.
    is_author = any(name.startswith("nbgrader") for name in there)
    names = ("labs", "nbgrader", "jupyter") if is_author else ("jupyter",)
    activate = os.path.join(place, "activate")
    return "in another terminal: %s; or, after %s, %s" % (
        ", ".join(os.path.join(place, name) for name in names),
        activate if os.name == "nt" else "`source %s`" % activate,
        ", ".join(names),
    )


def check_python():
    """Refuse a Python that is too old, has no PyTorch or cannot make environments."""
    if sys.version_info < OLDEST:
        raise SetupError(
            "Python %d.%d or newer is needed, this is %d.%d (%s): install a newer one, or name it "
            "with make PYTHON=/path/to/python3"
            % (OLDEST + tuple(sys.version_info[:2]) + (sys.executable,))
        )
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise SetupError(
            "PyTorch has no build for Macs with an Intel processor, and this Python (%s) is one "
            "for them: on a Mac with Apple's own processor name a Python made for that, with make "
            "PYTHON=/path/to/python3; else use another computer or Google Colab" % sys.executable
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise SetupError(
            "Python's venv module is missing from %s: on Debian or Ubuntu install it with "
            "apt-get install python3-venv" % sys.executable
        )


def create(folder):
    """Create the environment, whole or not at all."""
    if os.path.exists(folder):
        shutil.rmtree(folder)
    code, output = run([sys.executable, "-m", "venv", folder])
    if code:
        # venv keeps what stopped it to itself when that happened in the pip that it starts.
        full = shutil.disk_usage(ROOT).free < LEAST_FREE
        shutil.rmtree(folder, ignore_errors=True)
        reason = "the disk is full" if full else last_line(output)
        raise SetupError("the environment could not be created: %s" % reason)


def is_usable(folder):
    """Whether there is an environment of this Python's version to install into."""
    if not os.path.exists(python_of(folder)):
        return False
    code, output = run(
        [python_of(folder), "-c", "import pip, sys; print('%d.%d' % sys.version_info[:2])"]
    )
    return code == 0 and output.strip() == "%d.%d" % sys.version_info[:2]


def install(folder, arguments):
    """Run pip, show which package it is at, and keep its full output in .venv/setup.log."""
    log_path = os.path.join(folder, "setup.log")
    # A build backend is installed apart from the rest; these bind its version too.
    environment = dict(os.environ, PIP_CONSTRAINT=CONSTRAINTS, PIP_BUILD_CONSTRAINT=CONSTRAINTS)
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    command = [python_of(folder), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    command.append("--no-compile")  # see `compile_all`
    pip = subprocess.Popen(
        command + arguments,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    lines = []
    with open(log_path, "a") as log:
        for line in pip.stdout:
            log.write(line)
            log.flush()
            lines.append(line)
            show_progress(line)
    show_progress("")
    code = pip.wait()
    if code:
        details = os.path.relpath(log_path)
        raise SetupError("%s (details: %s)" % (cause("".join(lines), code), details))


def compile_all(folder):
    """Compile what was installed on all cores; pip does it on one and takes longer.

    What cannot be compiled now will be when it is imported, or is a file that nobody imports.
    """
    code, output = run(
        [python_of(folder), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    )
    if code == 0:
        run([python_of(folder), "-m", "compileall", "-q", "-j", "0", output.strip()])


def cause(output, code):
    """Say in a few words why pip failed."""
    if code < 0:
        return (
            "pip was stopped by signal %d, as happens when memory runs out; run the same command "
            "again to go on" % -code
        )
    for words, meaning in CAUSES:
        if re.search(words, output):
            return meaning
    return "pip could not install the course: %s" % last_line(output)


def show_progress(line):
    """Keep the reader informed: one line that changes on a terminal, plain lines elsewhere."""
    words = line.split()
    text = ""
    if line.startswith("Installing collected packages"):
        text = "  unpacking %d packages" % (len(words) - 3)
    elif len(words) > 1 and words[0] in ("Collecting", "Downloading", "Processing"):
        text = "  %s %s" % (words[0].lower(), os.path.basename(words[1]))
    if sys.stdout.isatty():
        if text or not words:
            print("\r\033[K%s" % text[:79], end="")
    elif "unpacking" in text:
        print(text)
    sys.stdout.flush()


def run(command):
    """Run a command and return its exit code and what it wrote."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    output = process.communicate()[0]
    return process.returncode, output


def has_browser():
    """Whether a browser can be opened here for the user to see."""
    import webbrowser

    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("BROWSER")
    ):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def python_of(folder):
    """Return the path of an environment's Python."""
    if os.name == "nt":
        return os.path.join(folder, "Scripts", "python.exe")
    return os.path.join(folder, "bin", "python")


def pinned(package):
    """Return the requirement of a package with its exact version from constraints.txt."""
    with open(os.path.join(ROOT, CONSTRAINTS)) as file:
        for line in file:
            if line.lower().startswith(package + "=="):
                return line.strip()
    raise SetupError("constraints.txt does not pin %s" % package)


def larger_or_same(reader):
    """Return the readers whose install holds everything that this reader's install holds."""
    return [other for other in EXTRAS if set(EXTRAS[reader]) <= set(EXTRAS[other])]


def fingerprint(reader):
    """Return a key that changes whenever this reader's install must be done again."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", CONSTRAINTS):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    # An editable install names the folder that it was made in.
    place = "%s %s Python %d.%d" % ((reader, ROOT) + tuple(sys.version_info[:2]))
    digest.update(place.encode("utf-8"))
    return digest.hexdigest()


def stamp_path(folder, reader):
    """Return where it is noted that a reader's install is complete."""
    return os.path.join(folder, "installed-%s" % reader)


def write_settings(folder):
    """Have JupyterLab, in this environment only, start without questions."""
    place = os.path.join(folder, "share", "jupyter", "lab", "settings")
    if not os.path.isdir(place):
        os.makedirs(place)
    with open(os.path.join(place, "overrides.json"), "w") as file:
        json.dump(LAB_SETTINGS, file, indent=2)


def read_stamp(folder, reader):
    """Return the key of the last complete install, None when there is none."""
    if not os.path.exists(python_of(folder)):
        return None
    try:
        with open(stamp_path(folder, reader)) as file:
            return file.read()
    except (IOError, OSError):
        return None


def write_stamp(folder, reader, key):
    """Note that the install is complete, after the last thing that can fail."""
    with open(stamp_path(folder, reader), "w") as file:
        file.write(key)


def remove_stamp(folder, reader):
    """Forget an install that is about to change."""
    if os.path.exists(stamp_path(folder, reader)):
        os.remove(stamp_path(folder, reader))


def last_line(output):
    """Return the last line that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no message"


def say(text):
    """Tell the reader what is going on."""
    print("setup: %s" % text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
