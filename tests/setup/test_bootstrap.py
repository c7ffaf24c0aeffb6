"""The set-up says what it does, gives one clear sentence when it cannot, and never half-installs.

Each test runs the real script in a copy of the course. Where a full install would take minutes,
a small project of one package stands in for the course's own.
"""

from __future__ import annotations

import ast
import importlib
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.prove

COURSE = Path(__file__).resolve().parents[2]
SCRIPT = COURSE / "labtools" / "bootstrap.py"

OFFLINE = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "1",
}


@pytest.fixture
def bare(tmp_path) -> Path:
    """A project that installs in a second, with the course's real set-up script.

    Its build backend is a few lines of its own, so that nothing is downloaded.
    """
    (tmp_path / "labtools").mkdir()
    shutil.copy(SCRIPT, tmp_path / "labtools")
    shutil.copy(COURSE / "Makefile", tmp_path)
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\n")
    (tmp_path / "pyproject.toml").write_text(
        textwrap.dedent(
            """\
            [build-system]
            requires = []
            build-backend = "backend"
            backend-path = ["."]
            """
        )
    )
    (tmp_path / "backend.py").write_text(
        textwrap.dedent(
            """\
            import os
            import zipfile

            INFO = "small-1.dist-info"

            def build_editable(folder, config_settings=None, metadata_directory=None):
                with open("builds", "a") as file:
                    file.write("x")
                name = "small-1-py3-none-any.whl"
                with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
                    wheel.writestr("small.py", "")
                    wheel.writestr(
                        INFO + "/METADATA",
                        "Metadata-Version: 2.1\\nName: small\\nVersion: 1\\n"
                        + "".join(
                            "Provides-Extra: %s\\n" % extra
                            for extra in ("lab", "instructor", "cluster", "test")
                        )
                        + os.environ.get("SMALL_REQUIRES", ""),
                    )
                    wheel.writestr(
                        INFO + "/WHEEL",
                        "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n"
                        "Tag: py3-none-any\\n",
                    )
                    wheel.writestr(INFO + "/RECORD", "")
                return name
            """
        )
    )
    return tmp_path


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """An environment with pip alone, as `venv` makes it; that takes seconds."""
    folder = tmp_path_factory.mktemp("made") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def small(bare, environment) -> Path:
    """The project with an environment into which nothing was installed yet."""
    shutil.copytree(environment, bare / ".venv", symlinks=True)
    return bare


def set_up(folder: Path, *words: str, python: str = sys.executable, **environment: str):
    """Run the set-up script; return its result."""
    return subprocess.run(
        [python, "labtools/bootstrap.py", *(words or ("lab",))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )


def builds(folder: Path) -> int:
    """Count how often the small project was installed."""
    path = folder / "builds"
    return len(path.read_text()) if path.exists() else 0


def test_it_installs_once_and_says_what_it_does(bare):
    first = set_up(bare)
    assert first.returncode == 0, first.stdout + first.stderr
    for part in ("creating .venv", "installing the course", "ready after"):
        assert part in first.stdout
    settings = bare / ".venv" / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    assert "fetchNews" in settings.read_text()
    assert list((bare / ".venv").rglob("__pycache__/small.*.pyc"))
    second = set_up(bare)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert builds(bare) == 1


def test_a_file_that_is_no_python_of_ours_is_left_as_it_is(small):
    backend = small / "backend.py"
    more = 'wheel.writestr("small.py", "")\n        wheel.writestr("odd.py", "print 1")'
    backend.write_text(backend.read_text().replace('wheel.writestr("small.py", "")', more))
    result = set_up(small)
    assert (result.returncode, result.stderr) == (0, "")
    assert list((small / ".venv").rglob("odd.py"))
    assert list((small / ".venv").rglob("__pycache__/small.*.pyc"))


def test_the_way_to_the_course_may_have_blanks_and_brackets(bare, tmp_path_factory):
    folder = tmp_path_factory.mktemp("my course [2026]")
    shutil.copytree(bare, folder, dirs_exist_ok=True)
    result = set_up(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert builds(folder) == 1


def test_changed_pins_install_again(small):
    set_up(small)
    (small / "constraints.txt").write_text("torch==2.13.1\n")
    assert "installing" in set_up(small).stdout
    assert builds(small) == 2


def test_a_larger_install_serves_a_smaller_one(small):
    set_up(small, "test")
    assert set_up(small, "lab").stdout == ""
    assert set_up(small, "instructor").stdout == ""
    assert builds(small) == 1


def test_a_smaller_install_does_not_serve_a_larger_one(small):
    set_up(small, "lab")
    assert "installing" in set_up(small, "test").stdout


def test_a_failed_download_gives_one_sentence_and_leaves_no_stamp(small):
    requires = "Requires-Dist: nothing-of-this-name\n"
    failed = set_up(small, SMALL_REQUIRES=requires, **OFFLINE)
    assert failed.returncode == 1
    assert failed.stderr.splitlines() == [
        "setup: a download failed: is this machine online? (details: .venv/setup.log)"
    ]
    assert "nothing-of-this-name" in (small / ".venv" / "setup.log").read_text()
    again = set_up(small)
    assert again.returncode == 0 and "installing" in again.stdout


@pytest.mark.usefixtures("heeds_interrupts")
def test_an_interrupted_install_leaves_no_stamp(small):
    (small / "backend.py").write_text("import time\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [sys.executable, "labtools/bootstrap.py", "lab"],
        cwd=small,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:
        if "installing" in line:
            break
    os.killpg(process.pid, 2)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "run the same command again" in errors
    assert not list((small / ".venv").glob("installed-*"))


def test_a_pip_that_is_killed_gives_one_sentence(small):
    (small / "backend.py").write_text("import os\nos.kill(os.getppid(), 9)\n")
    result = set_up(small)
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    assert "stopped by signal 9" in sentence and "run the same command again" in sentence


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_file_that_cannot_be_written_gives_one_sentence(small):
    set_up(small)
    log = small / ".venv" / "setup.log"
    log.unlink()
    log.symlink_to("/dev/full")
    (small / "constraints.txt").write_text("torch==2.13.1\n")
    result = set_up(small)
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    assert sentence.startswith("setup: ") and "No space left on device" in sentence


def test_a_disk_too_full_for_an_environment_gives_one_sentence(bare, monkeypatch):
    """What `python -m venv` says of it does not name the cause."""
    bootstrap = importlib.import_module("labtools.bootstrap")
    failed = (1, "Error: Command 'python -m ensurepip' returned non-zero exit status 1.")
    monkeypatch.setattr(bootstrap, "run", lambda command: failed)
    for free, reason in ((5_000_000, "the disk is full"), (10**10, "exit status 1")):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path, usage=usage: usage)
        with pytest.raises(bootstrap.SetupError, match=reason):
            bootstrap.create(str(bare / ".venv"))


def test_a_broken_environment_is_made_anew(small):
    set_up(small)
    (small / ".venv" / "bin" / "python").unlink()
    assert "creating .venv" in set_up(small).stdout


def test_a_too_old_python_gets_one_sentence(tmp_path):
    """Run the check with a version that is too old, as no old Python need be on the machine."""
    program = (
        "import runpy, sys; sys.version_info = (3, 8, 18); sys.argv = ['bootstrap.py', 'lab'];"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    assert "Python 3.11 or newer is needed, this is 3.8" in sentence
    assert "make PYTHON=" in sentence


def test_a_python_for_intel_macs_gets_one_sentence(tmp_path):
    program = (
        "import platform, runpy, sys; sys.platform = 'darwin'; platform.machine = lambda: 'x86_64';"
        f"sys.argv = ['bootstrap.py', 'lab']; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    assert "no build for Macs with an Intel processor" in sentence and "make PYTHON=" in sentence


def test_an_old_python_can_read_the_script():
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))
    for version in ("3.6", "3.7", "3.8"):
        python = shutil.which(f"python{version}")
        if python and subprocess.run([python, "-c", ""], check=False).returncode == 0:
            result = set_up(COURSE, python=python)
            assert "is needed, this is" in result.stderr


def test_a_missing_venv_module_gets_one_sentence(bare):
    (bare / "labtools" / "ensurepip.py").write_text("raise ImportError('stripped by Debian')\n")
    result = set_up(bare)
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    assert "venv module is missing" in sentence and "apt-get install python3-venv" in sentence


@pytest.mark.skipif(os.name == "nt", reason="the commands' places are spelled as on Linux, macOS")
@pytest.mark.parametrize(
    ("there", "said"),
    [
        (["python", "labs", "jupyter"], ".venv/bin/jupyter; or, after `{activate}`, jupyter"),
        (
            ["python", "labs", "jupyter", "nbgrader"],
            ".venv/bin/labs, .venv/bin/nbgrader, .venv/bin/jupyter; "
            "or, after `{activate}`, labs, nbgrader, jupyter",
        ),
    ],
)
def test_who_opens_the_labs_is_told_where_the_commands_are(
    tmp_path, monkeypatch, capsys, there, said
):
    bootstrap = importlib.import_module("labtools.bootstrap")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in there:
        (tmp_path / ".venv" / "bin" / name).touch()
    started = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap.os, "execv", lambda *command: started.append(command))
    bootstrap.open_lab("notebooks")
    said = said.format(activate="source .venv/bin/activate")
    assert f"setup: in another terminal: {said}\n" in capsys.readouterr().out
    assert len(started) == 1


def make(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    """Run make with its own messages left out."""
    return subprocess.run(
        ["make", "-s", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_make_alone_shows_the_targets():
    result = make(COURSE)
    for target in "lab quick test prove build check bench release help".split():
        assert f"  {target} " in result.stdout, result.stderr


def test_make_finds_the_first_python_that_is_new_enough(bare):
    folder = bare / "programs"
    folder.mkdir()
    for name, body in {
        "python3": "exit 1",
        "python3.12": f'echo chosen >> {bare}/chosen; exec {sys.executable} "$@"',
    }.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    path = f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"
    result = make(bare, "-n", "lab", PATH=path)
    assert '"python3.12" labtools/bootstrap.py lab' in result.stdout, result.stderr


def test_make_without_any_python_says_so(bare):
    folder = bare / "programs"
    folder.mkdir()
    for name in ("sh", "make", "sed"):
        os.symlink(shutil.which(name), folder / name)
    result = make(bare, "lab", PATH=str(folder))
    assert result.returncode != 0
    assert "Python 3.11 or newer is needed and none was found" in result.stderr


def test_the_cpu_build_of_pytorch_is_one_word(bare):
    result = make(bare, "-n", "lab", "TORCH=cpu", "PYTHON=python3")
    assert '"python3" labtools/bootstrap.py --torch cpu lab' in result.stdout
