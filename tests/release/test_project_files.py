"""What contributors and their tools read says the same as the course does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

WORKFLOWS = ("newest", "release", "site", "test")


@pytest.fixture(scope="module")
def targets(course) -> set[str]:
    """The targets of the Makefile."""
    return set(re.findall(r"^([a-z]+):", (course / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def version(course) -> str:
    return tomllib.loads((course / "pyproject.toml").read_text())["project"]["version"]


def test_the_citation_is_complete_and_of_this_version(course, version):
    citation = yaml.safe_load((course / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == version
    project = tomllib.loads((course / "pyproject.toml").read_text())["project"]
    assert " AND ".join(citation["license"]) == project["license"]


def test_the_changelog_knows_this_version(course, version):
    text = (course / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert version in headings or f"What will be {version}." in text
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_calls_make_targets_that_exist(course, targets, name):
    path = course / ".github" / "workflows" / f"{name}.yml"
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    called = re.findall(r"^make ([a-z]+)", "\n".join(commands), re.MULTILINE)
    own = [command for command in commands if command == ".ci/run"]
    assert called or own
    assert set(called) <= targets
    for job in jobs.values():
        assert "timeout-minutes" in job


def test_the_tests_run_on_three_systems(course):
    path = course / ".github" / "workflows" / "test.yml"
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    systems = {jobs["linux"]["runs-on"], *jobs["elsewhere"]["strategy"]["matrix"]["os"]}
    assert {system.partition("-")[0] for system in systems} == {"ubuntu", "macos", "windows"}


@pytest.mark.skipif(sys.platform == "win32", reason="runs a step of the workflow in bash")
def test_a_release_is_tested_first_and_its_tag_is_the_version(course, tmp_path, version):
    path = course / ".github" / "workflows" / "release.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    [job] = content["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    [compares] = [command for command in commands if "GITHUB_REF_NAME" in command.split("gh ")[0]]
    published = next(n for n, command in enumerate(commands) if command.startswith("gh release"))
    assert commands.index(compares) < commands.index(".ci/run") < published
    (tmp_path / "python").symlink_to(sys.executable)
    for tag, code in ((f"v{version}", 0), ("v0.0.1", 1)):
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_REF_NAME": tag}
        command = ["bash", "-e", "-c", compares]
        done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
    assert f"the tag is v0.0.1, the version in pyproject.toml is {version}" in done.stdout


def test_main_alone_is_put_on_pages(course):
    path = course / ".github" / "workflows" / "site.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    triggers, jobs = content[True], content["jobs"]  # YAML reads "on" as true
    assert triggers["push"]["branches"] == ["main"] and "pull_request" in triggers
    deploy = jobs["deploy"]
    assert deploy["needs"] == "build" and deploy["if"] == "github.ref == 'refs/heads/main'"
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert content["permissions"] == {"contents": "read"}
    used = [step.get("uses", "") for job in jobs.values() for step in job["steps"]]
    assert any(name.startswith("actions/upload-pages-artifact@") for name in used)
    assert any(name.startswith("actions/deploy-pages@") for name in used)


def test_dependabot_looks_after_the_workflows(course):
    content = yaml.safe_load((course / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    assert content["version"] == 2
    assert [update["package-ecosystem"] for update in content["updates"]] == ["github-actions"]


def test_pre_commit_uses_the_pinned_ruff(course, targets):
    config = yaml.safe_load((course / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    ruff, derived = config["repos"][0]["hooks"]
    pins = (course / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert set(ruff["additional_dependencies"]) <= set(pins)
    assert derived["entry"].split()[1] in targets
    for path in ("solutions/lab01_x.py", "labhelpers/data.py", "notebooks/lab01_x.ipynb"):
        assert re.search(derived["files"], path)


def test_the_devcontainer_sets_up_with_the_course_s_own_script(course):
    path = course / ".devcontainer" / "devcontainer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    script = content["updateContentCommand"].split()[1]
    assert (course / script).exists()


def test_contributing_names_files_and_targets_that_exist(course, targets):
    text = (course / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`make ([a-z]+)`", text)) <= targets
    named = re.findall(r"`((?:labhelpers|labtools|tests|solutions|docs)/[\w/.]*)`", text)
    named += re.findall(r"\]\(([A-Z]+\.md)\)", text)
    made_up = ("lab07", "labNN", "your-mistake")
    missing = [
        path
        for path in named
        if not any(word in path for word in made_up) and not (course / path).exists()
    ]
    assert len(named) > 10 and not missing
