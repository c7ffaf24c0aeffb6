"""The rules of the test run itself: a skip fails in CI, and one summary counts everything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests import run_all

SKIPPING = """
import pytest

def test_that_runs():
    pass

@pytest.mark.skip(reason="no browser here")
def test_that_does_not():
    pass
"""

SKIPPED_MODULE = 'import pytest\npytest.importorskip("no_such_package_anywhere")\n'


@pytest.fixture
def suite(course, tmp_path):
    shutil.copy(course / "conftest.py", tmp_path)
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    return tmp_path


def run(suite, ci):
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"],
        cwd=suite,
        capture_output=True,
        text=True,
        check=False,
        env={**environment, **({"CI": "true"} if ci else {})},
    )


@pytest.mark.prove
def test_a_skip_is_shown_with_its_reason(suite):
    result = run(suite, ci=False)
    assert result.returncode == 0
    assert "no browser here" in result.stdout


@pytest.mark.prove
def test_a_skip_is_a_failure_in_ci(suite):
    result = run(suite, ci=True)
    assert result.returncode == 1
    assert "1 passed, 1 error" in result.stdout
    assert "counts as a failure when CI is set" in result.stdout
    assert "no browser here" in result.stdout


@pytest.mark.prove
def test_a_module_that_skips_itself_is_a_failure_in_ci(suite):
    (suite / "test_skipped_module.py").write_text(SKIPPED_MODULE)
    assert run(suite, ci=False).returncode == 0
    result = run(suite, ci=True)
    assert result.returncode != 0
    assert "no_such_package_anywhere" in result.stdout


def test_the_summary_counts_each_kind(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        """<testsuites><testsuite>
        <testcase classname="tests.course.test_data" name="a" time="0.5"/>
        <testcase classname="tests.course.test_data" name="b" time="0.5"><skipped/></testcase>
        <testcase file="solutions/lab01.ipynb" name="Cell 0" time="1"><failure/></testcase>
        <testcase file="solutions/lab01.ipynb" name="Cell 1" time="1"/>
        </testsuite></testsuites>"""
    )
    rows = {row.stage: row for row in run_all.read_report(report)}
    tests, solutions, notebooks = (rows[run_all.KINDS[kind]] for kind in run_all.KINDS)
    assert (tests.counts, tests.passed, tests.seconds) == ("1 passed, 1 skipped", True, 1.0)
    assert (solutions.counts, solutions.passed) == ("1 failed, 1 passed", False)
    assert (notebooks.counts, notebooks.passed) == ("no test found", False)
