"""pyproject.toml, constraints.txt and environment.yml say the same."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.write_pins import needed


@pytest.fixture(scope="module")
def project(course):
    return tomllib.loads((course / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def pins(course):
    lines = (course / "constraints.txt").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    found = {}
    for requirement in requirements:
        [specifier] = requirement.specifier
        assert specifier.operator == "==" and "*" not in specifier.version, str(requirement)
        assert canonicalize_name(requirement.name) not in found, f"{requirement.name} twice"
        found[canonicalize_name(requirement.name)] = Version(specifier.version)
    return found


def test_each_requirement_is_pinned_inside_its_range(project, pins):
    extras = project["optional-dependencies"]
    assert set(extras) == {"kernel", "lab", "instructor", "cluster", "site", "test"}
    for line in [*project["dependencies"], *(line for extra in extras.values() for line in extra)]:
        requirement = Requirement(line)
        if requirement.name == project["name"]:  # one extra that holds another
            assert requirement.extras <= set(extras)
            continue
        assert requirement.specifier, f"{line} has no range"
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{line} is not pinned"
        assert pin in requirement.specifier, f"{line} is pinned to {pin}"


def test_the_pins_are_everything_that_the_extras_bring_in_and_no_more(pins):
    installed = {canonicalize_name(name): Version(version) for name, version in needed().items()}
    ours = {name: version for name, version in pins.items() if name != "setuptools"}
    installed.pop("setuptools", None)
    assert ours == installed


def test_no_pin_names_a_local_build(pins):
    assert not [name for name, version in pins.items() if version.local]


def test_environment_yml_resolves(course):
    """pip's resolver accepts the pip part, and every version it picks is the installed one.

    The installed packages stand in for an index, so that nothing is downloaded.
    """
    content = yaml.safe_load((course / "environment.yml").read_text(encoding="utf-8"))
    python = Requirement(
        next(d for d in content["dependencies"] if str(d).startswith("python")).replace(
            "=", "==", 1
        )
        + ".*"
    )
    assert python.name == "python"
    [pip] = [d["pip"] for d in content["dependencies"] if isinstance(d, dict)]
    assert "pip" in content["dependencies"], "conda wants pip named when it is used"
    assert any("-c constraints.txt" in line for line in pip)

    requirements = course / ".environment-pip-part.txt"  # beside it, as conda does: paths resolve
    requirements.write_text("\n".join(pip) + "\n", encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-build-isolation"]
        result = subprocess.run(
            [*command, "-r", requirements.name],
            cwd=course,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
    finally:
        requirements.unlink()
    assert result.returncode == 0, result.stderr
    would = [line for line in result.stdout.splitlines() if line.startswith("Would install")]
    assert [line.split()[2:] for line in would] in ([], [[would[0].split()[2]]]), result.stdout
    assert all("gradient" in line for line in would), result.stdout


def test_environment_yml_and_pyproject_agree_on_python(course, project):
    from packaging.specifiers import SpecifierSet

    content = yaml.safe_load((course / "environment.yml").read_text(encoding="utf-8"))
    [python] = [str(d) for d in content["dependencies"] if str(d).startswith("python")]
    assert Version(python.partition("=")[2]) in SpecifierSet(project["requires-python"])
