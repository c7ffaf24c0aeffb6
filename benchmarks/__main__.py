"""Every benchmark, one after the other, into one table (`make bench`).

    python benchmarks                     measure all and write benchmarks/RESULTS.md
    python benchmarks surfaces figures    measure these and print their rows
    python benchmarks --write grading     and put them in the place of those that are written

Each benchmark runs in a process of its own: none finds the caches of another warm, and one that
fails or hangs loses nothing of the others.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # the modules here are benchmarks.name, as their files say

from benchmarks.machine import describe  # noqa: E402
from benchmarks.table import Row, as_markdown  # noqa: E402

RESULTS = ROOT / "benchmarks" / "RESULTS.md"

# Each module has `rows()`. The heading stands over its rows in the results.
BENCHMARKS = {
    "surfaces": "The loss surface",
    "figures": "Figures",
    "frames": "The interactive figure",
    "course": "The course, cold",
    "lab_tests": "The course's own tests of the notebooks",
    "grading": "Grading",
}

LIMIT = 3600

HEAD = """\
# What is measured

Written by `make bench`; each row was measured side by side in one run. A ratio above 1 means that
ours is better. Where there were several rounds the median stands first, with the smallest and the
largest in brackets. The ratio is taken round by round. The last column says how many times the
physical limit ours still takes; for rates, what share of it ours reaches.

Machine: {machine}.
"""


def main() -> int:
    """Run the benchmarks that were named, or all; return 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument(
        "--write", action="store_true", help="replace the parts that are named in the results"
    )
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if arguments.rows:
        _measure(arguments.names[0], arguments.rows)
        return 0

    names = arguments.names or list(BENCHMARKS)
    head, parts = HEAD.format(machine=describe()), {}
    if arguments.names and arguments.write:
        old_head, parts = _written()
        if old_head.strip() != head.strip():
            parser.error(f"{RESULTS.name} is from another machine or other versions: measure all")
    failed = []
    for number, name in enumerate(names, start=1):
        print(f"[{number}/{len(names)}] {name} ...", flush=True)
        begin = time.monotonic()
        rows, reason = _run_apart(name)
        taken = time.monotonic() - begin
        part = f"## {BENCHMARKS[name]}\n\nMeasured on {date.today().isoformat()}.\n"
        if rows:
            part += f"\n{as_markdown(rows)}\n"
        if reason:
            failed.append(name)
            part += f"\nNot measured to the end: {reason}\n"
        print(f"{part}\n[{number}/{len(names)}] {name}: {taken:.0f} s\n", flush=True)
        parts[BENCHMARKS[name]] = part
        if arguments.write or not arguments.names:
            # After each, so that an interrupted run keeps what it has.
            ordered = [parts[heading] for heading in BENCHMARKS.values() if heading in parts]
            RESULTS.write_text("\n".join([head, *ordered]), encoding="utf-8")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    elif arguments.write or not arguments.names:
        print(f"wrote {RESULTS.relative_to(ROOT)}")
    return 1 if failed else 0


def _written() -> tuple[str, dict[str, str]]:
    """The results as they are written: what stands over them, and each part by its heading."""
    head, *parts = RESULTS.read_text(encoding="utf-8").split("\n## ")
    return head, {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}


def _run_apart(name: str) -> tuple[list[Row], str]:
    """Run one benchmark in a process of its own; return its rows and why it ended early."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows"
        command = [sys.executable, str(ROOT / "benchmarks"), name, "--rows", str(file)]
        try:
            result = subprocess.run(command, cwd=ROOT, check=False, timeout=LIMIT)
            reason = f"its process ended with {result.returncode}" if result.returncode else ""
        except subprocess.TimeoutExpired:
            reason = f"it took longer than {LIMIT} seconds"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    rows = [Row(**json.loads(line)) for line in lines]
    return rows, reason or ("" if rows else "it gave no rows")


def _measure(name: str, file: Path) -> None:
    """Write each row as soon as it is measured."""
    rows = importlib.import_module(f"benchmarks.{name}").rows()
    with file.open("w", encoding="utf-8") as out:
        for row in rows:
            print(f"  {row.what}", flush=True)
            out.write(json.dumps(asdict(row)) + "\n")
            out.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("benchmarks: interrupted", file=sys.stderr)
        sys.exit(130)
