"""Write constraints.txt from what is installed here (`make pins`)."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "gradient-descent-labs"

# A package's own build backend is installed apart and is no requirement of any extra.
BACKEND = "setuptools"


def needed() -> dict[str, str]:
    """Return name and version of each installed package that some extra brings in, sorted.

    The version is the public one: a build such as ``2.13.0+cpu`` is pinned as ``2.13.0``.
    """
    found: dict[str, str] = {}
    project = importlib.metadata.metadata(PROJECT)
    todo = [(PROJECT, frozenset(project.get_all("Provides-Extra") or ())), (BACKEND, frozenset())]
    done = set()
    while todo:
        name, extras = todo.pop()
        if (name, extras) in done:
            continue
        done.add((name, extras))
        distribution = importlib.metadata.distribution(name)
        if name != PROJECT:
            shown = distribution.metadata["Name"]
            found[shown] = Version(distribution.version).public
        for line in distribution.requires or ():
            requirement = Requirement(line)
            if _applies(requirement, extras):
                todo.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""})


def main() -> None:
    """Keep the header of constraints.txt and write the pins below it anew."""
    path = ROOT / "constraints.txt"
    header = [line for line in path.read_text().splitlines() if line.startswith("#")]
    pins = [f"{name}=={version}" for name, version in needed().items()]
    path.write_text("\n".join([*header, *pins]) + "\n")
    print(f"wrote {path.name}: {len(pins)} packages")


if __name__ == "__main__":
    main()
