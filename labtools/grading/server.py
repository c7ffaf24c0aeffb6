"""The process from which workers are forked: it has their imports and nothing else.

A fork of the command itself would carry the gradebook's connection.
"""

from __future__ import annotations

import multiprocessing

__all__ = ["context", "start"]


def context() -> multiprocessing.context.BaseContext:
    """How workers are started on this machine."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(["labtools.grading.warm_worker"])
    return chosen


def start() -> None:
    """Start it at once, where there is one, so that it imports while the command does."""
    if context().get_start_method() == "forkserver":
        from multiprocessing import forkserver  # which not every system can import

        forkserver.ensure_running()
