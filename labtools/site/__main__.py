"""``python -m labtools.site``: build the course site."""

import argparse
import sys
from pathlib import Path

from labtools.cli import find_root
from labtools.faults import LabError
from labtools.site.build import build_site


def main(argv: list[str] | None = None) -> int:
    """Build the site with these arguments (default: the command line's); return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m labtools.site", description="Build the course site from its sources."
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder to write; its former content is replaced (default: site, in the course)",
    )
    arguments = parser.parse_args(argv)
    root = find_root(Path.cwd())
    out = (arguments.out or root / "site").resolve()
    try:
        pages = build_site(root, out)
    except LabError as error:
        for fault in error.faults:
            print(f"site: {fault}", file=sys.stderr)
        print("site: nothing was written", file=sys.stderr)
        return 1
    print(f"site: {pages} pages; open {out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
