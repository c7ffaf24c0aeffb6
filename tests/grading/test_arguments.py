"""The command's arguments: told what is wrong with them at once, and what is not installed."""

import subprocess
import sys


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import sys\nfrom labtools.cli import main\n{program}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_waits_for_no_import():
    done = run_python(
        "try:\n"
        "    main(['grade', '--help'])\n"
        "finally:\n"
        "    slow = {'torch', 'nbgrader', 'nbformat', 'numpy'} & set(sys.modules)\n"
        "    print('imported:', sorted(slow))"
    )
    assert "SUBMISSIONS" in done.stdout
    assert "imported: []" in done.stdout


def test_a_wrong_number_is_named(tmp_path):
    done = run_python(f"main(['grade', '5', {str(tmp_path)!r}, '--out', 'x', '--jobs', 'none'])")
    assert "argument --jobs: a number above zero is allowed, got 'none'" in done.stderr


def test_a_missing_package_is_named(tmp_path):
    words = ["grade", "5", str(tmp_path), "--out", str(tmp_path / "out")]
    done = run_python(f"sys.modules['nbformat'] = None\nsys.exit(main({words!r}))")
    assert done.returncode == 2
    assert "labs grade: the package nbformat is missing; install" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
