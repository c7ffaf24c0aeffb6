"""`labs release`: write the student zip, or say why not."""

import argparse
import os
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from labtools.addresses import read_address, write_address, write_site
from labtools.build import build, find_sources, replace_whole, report
from labtools.faults import LabError
from labtools.release.archive import pack
from labtools.release.contents import gather
from labtools.release.inspection import find_leaks

FOLDER = "release"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"folder for the zip (default: {FOLDER}/ in the course)",
    )
    parser.add_argument(
        "--address",
        metavar="URL",
        help="set, once, where students' notebooks install the course from: the GitHub repository "
        "in which you publish what is in the zip (then Colab and Binder get buttons too), or the "
        'address of the zip; "" removes it. The labs are built again',
    )
    parser.add_argument(
        "--site",
        metavar="URL",
        help='set, once, where the course\'s site is, for links to its pages; "" removes it',
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the zip; return the exit code."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        if not _set_addresses(arguments, console):
            return 1
        target, count = release(arguments.root, arguments.out)
    except LabError as error:
        report(console, error.faults)
        console.print("labs release: nothing was written")
        return 1
    except OSError as error:
        console.print(f"[bold red]error[/] {escape(str(error.filename))}: {error.strerror}")
        return 1
    size = target.stat().st_size
    console.print(f"wrote {escape(str(target))}: {count} files, {size / 1e6:.1f} MB")
    return 0


def _set_addresses(arguments: argparse.Namespace, console: Console) -> bool:
    """Keep the addresses that were given and build what shows them; say what is wrong."""
    root: Path = arguments.root
    for option, set_ in (("address", write_address), ("site", write_site)):
        given = getattr(arguments, option)
        if given is None:
            continue
        try:
            changed = set_(root, given)
        except ValueError as error:
            console.print(f"[bold red]error[/] --{option}: {escape(str(error))}")
            return False
        if option == "address" and changed:
            outcomes = build(root, find_sources(root), jobs=os.cpu_count() or 1, console=console)
            report(console, faults := [f for outcome in outcomes for f in outcome.faults])
            if faults:
                return False
    address = read_address(root)
    if arguments.address and address and not address.links(""):
        console.print("no buttons: Colab and Binder open notebooks of a repository on GitHub")
    return True


def release(root: Path, folder: Path | None = None) -> tuple[Path, int]:
    """Write the zip that students get, whole or not at all; return it and its number of files.

    Raises
    ------
    LabError
        If a derived notebook has drifted from its source, or if any file would show a student what
        is the instructor's.
    """
    content = gather(root)
    faults = list(find_leaks(content))
    if faults:
        raise LabError(faults)
    target = (folder or root / FOLDER) / f"{content.name}.zip"
    replace_whole(target, pack(content.files, content.name))
    return target, len(content.files)
