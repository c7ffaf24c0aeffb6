"""A notebook run cold, and where the time goes: kernel start, imports, cells, shutdown."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass
from time import perf_counter

from nbclient import NotebookClient
from nbformat import NotebookNode

__all__ = ["Timing", "run_cold"]


@dataclass(frozen=True)
class Timing:
    """Seconds of one run.

    `cells` leaves out the first code cell, which holds the imports, and the cells of `added`.
    """

    start: float
    imports: float
    cells: float
    shutdown: float
    added: float = 0.0

    @property
    def total(self) -> float:
        """Return the whole run."""
        return self.start + self.imports + self.cells + self.shutdown + self.added


def run_cold(notebook: NotebookNode) -> Timing:
    """Run a notebook in a new kernel, as `labs build` and the tests do.

    A code cell with ``slice=K`` or ``added=K`` in its metadata is one K-th of an experiment: its
    time counts K times.
    """
    return asyncio.run(_run(notebook))


async def _run(notebook: NotebookNode) -> Timing:
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=900,
        shutdown_kernel="immediate",
        extra_arguments=["--log-level=ERROR"],
    )
    imports, cells, added = None, 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        begin = perf_counter()
        async with client.async_setup_kernel(cwd=folder, env=environment):
            start = perf_counter() - begin
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type != "code":
                    continue
                before = perf_counter()
                await client.async_execute_cell(cell, index)
                taken = perf_counter() - before
                if imports is None:
                    imports = taken
                elif "added" in cell.metadata:
                    added += taken * cell.metadata["added"]
                else:
                    cells += taken * cell.metadata.get("slice", 1)
            before = perf_counter()
        return Timing(start, imports or 0.0, cells, perf_counter() - before, added)
