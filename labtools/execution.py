"""The executed solution: a lab run from top to bottom in a kernel that has run nothing else."""

import atexit
import base64
import copy
import importlib.util
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from PIL import Image

from labtools.asserts import SET_UP
from labtools.faults import Fault, LabError
from labtools.source import NOTEBOOK_METADATA, LabSource

#: In a picture that is kept.
COLOURS = 96

WIDGET = "application/vnd.jupyter.widget-view+json"

# A program's own hexadecimal constants are no addresses.
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{8,16}\b")
_BASE64 = re.compile(r"base64,[A-Za-z0-9+/=\s]+")


async def execute(
    source: LabSource, root: Path, *, timeout: int = 120, on_cell: Callable[[], None] = lambda: None
) -> NotebookNode:
    """Run a lab in a fresh kernel and return it with its outputs.

    The kernel sees an empty working folder, no user settings and a fixed hash seed, so that two
    runs give the same bytes. `timeout` is in seconds for one cell; `on_cell` is called after each.

    Raises
    ------
    LabError
        When a cell raises, takes too long, writes to stderr, or has an output that would differ
        from one machine or run to the next.
    """
    notebook = copy.deepcopy(source.notebook)
    position = 0

    def note_start(cell_index: int, **_: object) -> None:
        nonlocal position
        position = cell_index

    def set_up(**_: object) -> None:
        # Kernels answer in order: what is asked next comes after this.
        client.kc.execute(SET_UP, silent=True)

    with tempfile.TemporaryDirectory(prefix="labs-build-") as folder:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=timeout,
            shutdown_kernel="immediate",
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--log-level=ERROR"],
            on_notebook_start=set_up,
            on_cell_start=note_start,
            on_cell_complete=lambda **_: on_cell(),
        )
        try:
            await client.async_execute(cwd=folder, env=kernel_environment(Path(folder)))
        except CellExecutionError as error:
            reason = f"raises {error.ename}: {error.evalue}"
            raise LabError([source.fault(position, reason)]) from None
        except CellTimeoutError:
            reason = f"takes longer than {timeout} seconds"
            raise LabError([source.fault(position, reason)]) from None
        except DeadKernelError:
            raise LabError([source.fault(position, "the kernel died")]) from None
        finally:
            await _end_kernel(client)
        return as_stored(source, notebook, (str(root), folder))


def as_stored(source: LabSource, notebook: NotebookNode, folders: tuple[str, ...]) -> NotebookNode:
    """Return an executed notebook as it is kept in the course.

    Its cells are changed in place. `folders` are those of this machine, which no output may
    mention.

    Raises
    ------
    LabError
        When an output is on stderr or would differ from one machine or run to the next, or when a
        practice does not get its points.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = with_joined_streams(cell.outputs)
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                # A live widget's id differs from run to run: what it shows without Python is kept.
                output.data.pop(WIDGET, None)
    if faults := list(_output_faults(source, notebook, folders)):
        raise LabError(faults)
    notebook.metadata = copy.deepcopy(NOTEBOOK_METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _lighter(data["image/png"])
    return notebook


def with_joined_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return a cell's outputs, what it prints in a row as one.

    How a kernel cuts up what is printed is a matter of timing. nbclient's own option also joins
    what stands before a table with what stands after it, and so loses the order.
    """
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _lighter(picture: str) -> str:
    """A PNG, in base64, with a palette of its own colours where that makes it smaller.

    A plot has few colours, and its edges have shades of these; nobody sees the difference.
    """
    given = base64.b64decode(picture)
    made = io.BytesIO()
    try:
        with Image.open(io.BytesIO(given)) as image:
            drawn = image.convert("RGBA").quantize(COLOURS, Image.Quantize.FASTOCTREE)
    except OSError:  # no whole picture: it is as its cell has made it
        return picture
    drawn.save(made, "PNG", optimize=True)
    return base64.b64encode(min(made.getvalue(), given, key=len)).decode("ascii")


async def _end_kernel(client: NotebookClient) -> None:
    """End the kernel now, also when the run was cancelled while the kernel was starting.

    nbclient would leave that one to the exit of the program, and shut it down slowly there.
    """
    atexit.unregister(client._cleanup_kernel)
    if client.km is not None and client.km.has_kernel:
        await client.km.shutdown_kernel(now=True)


def kernel_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which neither the user's settings nor chance change an output."""
    environment = {
        **os.environ,
        "IPYTHONDIR": str(folder / ".ipython"),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name in ("PYTHONSTARTUP", "MPLBACKEND"):
        environment.pop(name, None)
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is not None and matplotlib.origin:
        defaults = Path(matplotlib.origin).parent / "mpl-data" / "matplotlibrc"
        environment["MATPLOTLIBRC"] = str(defaults)
    return environment


def _output_faults(
    source: LabSource, notebook: NotebookNode, folders: tuple[str, ...]
) -> Iterator[Fault]:
    for index, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", [])
        for output in cell.get("outputs", []):
            is_stderr = output.output_type == "stream" and output.name == "stderr"
            if is_stderr and "allow-stderr" not in tags:
                line = output.text.strip().splitlines()[0] if output.text.strip() else ""
                yield source.fault(index, f"writes to stderr: {line[:200]}")
            if WIDGET in output.get("data", {}):
                reason = (
                    "shows a live widget, whose id differs from run to run, and no HTML beside it"
                )
                yield source.fault(index, reason)
            for text in _texts(output):
                yield from (source.fault(index, reason) for reason in _unstable(text, folders))
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade") and marks.get("locked"):
            yield from (source.fault(index, reason) for reason in _lost_points(cell))


def _lost_points(cell: NotebookNode) -> Iterator[str]:
    """Say why the solution does not get the points that the source gives for it."""
    points = cell.metadata["nbgrader"]["points"]
    values = [
        o.data.get("text/plain", "") for o in cell.outputs if o.output_type == "execute_result"
    ]
    try:
        score = float(values[-1])
    except (IndexError, ValueError):
        yield f"the check shows no number of points, so nbgrader would give all {points}"
        return
    if score != points:
        shown = [text for output in cell.outputs for text in _texts(output) if "<" not in text]
        yield f"the solution gets {score:g} points here instead of {points}: {shown[0].strip()}"


def _texts(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "stream":
        yield output.text
    for mime, value in output.get("data", {}).items():
        if mime.startswith("text/") or mime == "image/svg+xml":
            yield _SCRIPT.sub("", _BASE64.sub("", value))


def _unstable(text: str, folders: tuple[str, ...]) -> Iterator[str]:
    for folder in folders:
        if folder in text:
            yield f"the output names a folder of this machine: {folder}"
    if match := _ADDRESS.search(text):
        yield (
            f"the output shows a memory address, {match.group()}, which differs from run to run; "
            "end the cell's last line with a semicolon or give the object a name"
        )
