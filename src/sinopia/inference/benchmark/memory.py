"""Peak memory of a row, measured in a process of its own that makes one picture of it."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import torch

from sinopia.errors import RequestError
from sinopia.inference.benchmark.rows import BenchmarkPlan, PainterPair, build_rows
from sinopia.inference.benchmark.timing import num_threads

__all__ = ["MEMORY_NOTE", "peak_memory"]

MEMORY_NOTE = (
    "peak memory: the most that a process of its own takes, which loads the model and makes one "
    "picture of the row; on the CPU its resident set, Python and torch included (VmHWM of the "
    "Linux kernel; n/a elsewhere), on CUDA what torch allocates on the device"
)

_STATUS = Path("/proc/self/status")


def peak_memory(plan: BenchmarkPlan, row: str) -> int | None:
    """Bytes at the peak, or None where the system does not tell.

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


def _paint_once(plan: BenchmarkPlan, name: str) -> int | None:
    with num_threads(plan.threads):
        row = build_rows(plan, PainterPair.of(plan))[name]
        assert row is not None, "only rows that the model can do are measured"
        shot = row(0)[0]
        shot.prepare()
        shot.paint()
    if torch.device(plan.device).type == "cuda":
        return torch.cuda.max_memory_allocated(plan.device)
    # Not ru_maxrss: that of a new process begins with the peak of the one that started it.
    for line in _STATUS.read_text().splitlines() if _STATUS.is_file() else []:
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return None
