"""The zip holds what a student needs and nothing of the instructor's."""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator

import yaml
from packaging.requirements import Requirement

from labchecks import of_lab
from labtools.addresses import opening_lines
from labtools.build import find_sources

# Lines that some solution has and that stand in the labs and their package for other reasons:
# the grammar of any training loop or plot. Nothing else may coincide.
GRAMMAR = """
)
):
]
}
break
else:
losses = []
return losses
ax.legend()
plt.show()
loss.backward()
optimizer.step()
optimizer.zero_grad()
w.grad.zero_()
b.grad.zero_()
with torch.no_grad():
for x, y in loader:
for epoch in range(epochs):
for epoch in range(num_epochs):
""".split("\n")


def solution_lines(course) -> dict[str, str]:
    """Each line of each solution region, read without the tools that remove them."""
    found = {}
    for path in find_sources(course):
        inside = False
        for line in path.read_text(encoding="utf-8").splitlines():
            text = line.strip()
            if text.endswith("### BEGIN SOLUTION"):
                inside = True
            elif text.endswith("### END SOLUTION"):
                inside = False
            elif inside and text.strip("# "):
                # A text answer stands behind a "# " in the source and without it in a notebook.
                found[text] = found[text.removeprefix("# ")] = path.name
        assert not inside
    return found


def shown_lines(path: str, text: str) -> Iterator[str]:
    """Each line that a reader of the file sees, except in cells that teach on purpose."""
    if path.endswith(".ipynb"):
        for cell in json.loads(text)["cells"]:
            if "taught" not in cell["metadata"].get("tags", []):
                yield from "".join(cell["source"]).splitlines()
    else:
        yield from text.splitlines()


def test_it_holds_these_files_and_no_other(course, files):
    kinds = {path.partition("/")[0] for path in files}
    assert kinds == {
        *("README.md", "pyproject.toml", "environment.yml", "constraints.txt"),
        *("LICENSE", "LICENSE-CC-BY-4.0", "labchecks", "labhelpers", "notebooks"),
    }
    notebooks = [path for path in files if path.startswith("notebooks/")]
    assert notebooks == [f"notebooks/{path.stem}.ipynb" for path in find_sources(course)]
    package = {path for path in files if path.startswith(("labchecks/", "labhelpers/"))}
    plain = {path for path in package if path.endswith(".json")}
    assert {path.rpartition(".")[2] for path in package - plain} <= {
        *("py", "css", "html", "js", "svg", "toml")
    }
    own = {
        path.relative_to(course).as_posix()
        for package in ("labchecks", "labhelpers")
        for path in (course / package).rglob("*.*")
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    }
    # A lab's practices are plain data in place of its modules.
    given_up = {path for path in own if path.startswith(tuple(p[:-5] for p in plain))}
    assert len(plain) >= 5 and package - plain == own - given_up


def test_no_reference_is_in_a_lab_of_plain_data(files):
    for lab in ("lab00", "lab01", "lab02", "lab03", "lab04", "lab05", "lab06"):
        rows = json.loads(files[f"labchecks/labs/{lab}.json"])
        assert [row["id"] for row in rows] == [practice.id for practice in of_lab(lab)]
        assert not any("lambda" in json.dumps(row) for row in rows)
        for row in rows:
            assert row["manual"] or {"visible", "judge"} <= row.keys()


def test_the_labs_are_untouched_and_as_built(course, files):
    for path, text in files.items():
        if path.startswith("notebooks/"):
            assert text == (course / path).read_text(encoding="utf-8")
            assert not any(cell.get("outputs") for cell in json.loads(text)["cells"])


def test_no_line_of_a_solution_is_in_any_file(course, files):
    secrets = solution_lines(course)
    assert len(secrets) > 150
    found = {
        (path, line.strip(), secrets[line.strip()])
        for path, text in files.items()
        for line in shown_lines(path, text)
        if line.strip() in secrets and line.strip() not in GRAMMAR
    }
    assert not found


def test_no_instructor_code_is_in_any_file(course, files):
    code = {
        line.strip(): path.name
        for path in (course / "labtools").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if len(line.strip()) >= 40 and not re.match(r"\s*(import|from|[\"'#])", line)
    }
    assert len(code) > 500
    for line in opening_lines("", None).splitlines():  # each lab begins with these
        code.pop(line.strip(), None)
    for path, text in files.items():
        shown = {line.strip() for line in text.splitlines()}
        assert not shown & code.keys(), path
        assert "labtools" not in text and "nbgrader_config" not in text, path


def test_the_packages_are_the_course_s_own(course, files):
    for path, text in files.items():
        if path.startswith(("labchecks/", "labhelpers/")) and not path.endswith(".json"):
            assert text == (course / path).read_text(encoding="utf-8")
        if path.endswith(".py"):
            ast.parse(text)


def test_the_student_s_pyproject_asks_for_what_the_labs_need(course, files):
    ours = tomllib.loads((course / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    theirs = tomllib.loads(files["pyproject.toml"])["project"]
    assert theirs["dependencies"] == ours["dependencies"]
    extras = ours["optional-dependencies"]
    assert theirs["optional-dependencies"] == {name: extras[name] for name in ("kernel", "lab")}
    for key in ("name", "version", "requires-python", "license", "license-files"):
        assert theirs[key] == ours[key]
    assert "scripts" not in theirs


def test_the_pins_are_the_course_s(course, files):
    def pins(text):
        return [Requirement(line) for line in text.splitlines() if not line.startswith("#")]

    own = (course / "constraints.txt").read_text(encoding="utf-8")
    assert pins(files["constraints.txt"]) == pins(own)


def test_environment_yml_installs_this_folder(files):
    content = yaml.safe_load(files["environment.yml"])
    [pip] = [part["pip"] for part in content["dependencies"] if isinstance(part, dict)]
    assert pip[-2:] == ["-c constraints.txt", ".[lab]"]


def test_the_readme_lists_every_lab_and_links_to_files_that_are_there(files):
    readme = files["README.md"]
    links = re.findall(r"\]\(([^)]+)\)", readme)
    assert [link for link in links if link.endswith(".ipynb")] == [
        path for path in files if path.endswith(".ipynb")
    ]
    assert all(link in files for link in links)
    assert "$" not in readme


def test_it_installs_from_the_zip_itself(zipped, tmp_path):
    """As the README says for Colab: without dependencies, next to what is there."""
    path = tmp_path / "labs.zip"
    path.write_bytes(zipped)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation"]
    command += ["--target", str(tmp_path / "site"), str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    names = {item.name for item in (tmp_path / "site").iterdir()}
    assert {name for name in names if "." not in name} == {"labchecks", "labhelpers"}
    installed = {p.relative_to(tmp_path / "site").as_posix() for p in tmp_path.rglob("*.js")}
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        scripts = {n.partition("/")[2] for n in archive.namelist() if n.endswith(".js")}
    assert installed == scripts and scripts
