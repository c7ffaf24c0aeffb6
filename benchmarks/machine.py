"""The machine that the numbers hold for, and its limits."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from pathlib import Path

import numpy as np
import psutil

__all__ = ["describe", "read_bandwidth", "usable_cores"]

VERSIONS = ("torch", "numpy", "matplotlib", "jupyterlab", "nbclient", "nbgrader", "nbval")


def describe() -> str:
    """Name the processor, the memory, the system and the versions that matter."""
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in VERSIONS)
    return (
        f"{_processor()}, {usable_cores()} cores, {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.machine()}; Python {platform.python_version()}, {versions}"
    )


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_bandwidth(size: int = 64_000_000) -> float:
    """Bytes a second that one core reads from memory, at best.

    Parameters
    ----------
    size : int
        Bytes of the array that is summed; well beyond the caches.
    """
    values = np.ones(size // 8)
    best = np.inf
    for _ in range(7):
        begin = time.perf_counter()
        values.sum()
        best = min(best, time.perf_counter() - begin)
    return size / best


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
