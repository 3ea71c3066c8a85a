"""Peak memory of a row, measured in a process of its own that makes one picture of it."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import torch

from sinopia.errors import RequestError
from sinopia.inference.benchmark.rows import BenchmarkPlan, PainterPair, build_rows
from sinopia.inference.benchmark.timing import num_threads

__all__ = ["PeakMemory", "peak_memory"]

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class PeakMemory:
    """Of a process that makes one picture; None where the system does not tell.

    On the CPU its resident set (VmRSS and VmHWM of the Linux kernel), on CUDA what torch allocates
    on the device.
    """

    base_bytes: int | None
    """Before the model is loaded."""
    peak_bytes: int | None


def peak_memory(plan: BenchmarkPlan, row: str) -> PeakMemory:
    """Make one picture of a row in a new process.

    Raises:
        RequestError: when the system ended the process, as it does for want of memory.
    """
    # A fresh process, not a copy of this one, which holds all rows' weights.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(_paint_once, plan, row).result()
        except BrokenProcessPool:
            raise RequestError(
                f"the process that measures the memory of {row!r} was ended by the system, most "
                f"likely for want of memory; --no-memory leaves this out."
            ) from None


def _paint_once(plan: BenchmarkPlan, name: str) -> PeakMemory:
    base = _resident("VmRSS")
    with num_threads(plan.threads):
        row = build_rows(plan, PainterPair.of(plan))[name]
        assert row is not None, "only rows that the model can do are measured"
        shot = row(0)[0]
        shot.prepare()
        shot.paint()
    if torch.device(plan.device).type == "cuda":
        return PeakMemory(0, torch.cuda.max_memory_allocated(plan.device))
    # Not ru_maxrss: that of a new process begins with the peak of the one that started it.
    return PeakMemory(base, _resident("VmHWM"))


def _resident(field: str) -> int | None:
    """Bytes that the kernel reports of this process, under Linux."""
    for line in _STATUS.read_text().splitlines() if _STATUS.is_file() else []:
        if line.startswith(f"{field}:"):
            return 1024 * int(line.split()[1])
    return None
