"""One table in one run: times, multiplications, errors and memory of all rows."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sinopia.inference.benchmark.machine import Machine, describe_machine
from sinopia.inference.benchmark.memory import PeakMemory, peak_memory
from sinopia.inference.benchmark.rows import (
    BASELINE,
    ENGINE,
    BenchmarkPlan,
    PainterPair,
    Shot,
    ShotRow,
    build_rows,
)
from sinopia.inference.benchmark.timing import WARM_UP, Step, medians, num_threads, time_in_turns

__all__ = ["BenchmarkResult", "RowResult", "count_steps", "run_benchmark"]


@dataclass(frozen=True)
class RowResult:
    """What one way to paint costs."""

    name: str
    milliseconds: float
    """Median."""
    ratio: float
    """How many times as fast as the baseline."""
    gmacs: float
    """10^9 multiply-accumulates; median."""
    block_share: float
    """Blocks whose scale and shift are computed, over the pixels of the picture; median."""
    max_error: float
    """Largest difference from the baseline's picture in [-1, 1]."""
    mean_error: float
    peak_memory_bytes: int | None
    """None where it was not measured."""


@dataclass(frozen=True)
class BenchmarkResult:
    """A table and what has to be said about it."""

    subject: str
    size_hw: tuple[int, int]
    maps: str
    map_block_share: tuple[float, float]
    """Least and most distinct blocks over the pixels of a map."""
    rounds: int
    machine: Machine
    rows: tuple[RowResult, ...]
    missing_rows: tuple[str, ...]
    """What the model cannot do."""
    base_memory_bytes: int | None
    """Of a process before it loads the model; part of the rows' peaks."""


def count_steps(plan: BenchmarkPlan) -> int:
    """How often `run_benchmark` reports a step."""
    rows = build_rows(plan, PainterPair.of(plan)).values()
    num_rows = sum(row is not None for row in rows)
    return num_rows * (2 * plan.rounds + 1 + int(plan.measures_memory))


def run_benchmark(
    plan: BenchmarkPlan, *, on_step: Callable[[str], object] = lambda _: None
) -> BenchmarkResult:
    """Measure all rows: first times, in turns; then work and errors; then memory.

    `on_step` is told what was done, `count_steps` times.

    Raises:
        RequestError: for a device that is not here, and a size that the model cannot make.
    """
    painters = PainterPair.of(plan)
    all_rows = build_rows(plan, painters)
    rows = {name: row for name, row in all_rows.items() if row is not None}
    with num_threads(plan.threads):
        machine = describe_machine(painters.plain.device)
        painters.scale_pictures()
        seconds = time_in_turns(
            {name: _timed(row) for name, row in rows.items()},
            rounds=plan.rounds,
            device=painters.plain.device,
            on_step=lambda name: on_step(f"timing {name}"),
        )
        # From the start again: what live engines know decides how much they have to do, and the
        # work that is counted shall be the work that was timed.
        painters.forget_engines()
        checks = _check(rows, plan.rounds, on_step)
    peaks: dict[str, PeakMemory] = {}
    if plan.measures_memory:
        for name in rows:
            peaks[name] = peak_memory(plan, name)
            on_step(f"memory of {name}")
    bases = [each.base_bytes for each in peaks.values() if each.base_bytes is not None]
    times = medians(seconds)
    map_shares = checks[ENGINE].shares
    return BenchmarkResult(
        subject=plan.subject.name,
        size_hw=plan.size_hw,
        maps=plan.maps_text,
        map_block_share=(min(map_shares), max(map_shares)),
        rounds=plan.rounds,
        machine=machine,
        rows=tuple(
            RowResult(
                name=name,
                milliseconds=1000 * times[name],
                ratio=times[BASELINE] / times[name],
                gmacs=statistics.median(check.macs) / 1e9,
                block_share=statistics.median(check.shares),
                max_error=max(check.max_errors),
                mean_error=statistics.fmean(check.mean_errors),
                peak_memory_bytes=peaks[name].peak_bytes if name in peaks else None,
            )
            for name, check in checks.items()
        ),
        missing_rows=tuple(name for name, row in all_rows.items() if row is None),
        base_memory_bytes=max(bases, default=None),
    )


@dataclass
class _Checks:
    """Of one row, over its shots."""

    macs: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    max_errors: list[float] = field(default_factory=list)
    mean_errors: list[float] = field(default_factory=list)

    def add(self, shot: Shot, *, compares: bool) -> None:
        """Paint the shot and note its work, and its error if asked."""
        shot.prepare()
        picture, macs = shot.counted()
        self.macs.append(macs)
        self.shares.append(shot.block_share())
        if compares:
            error = (picture - shot.reference()).abs()
            self.max_errors.append(float(error.max()))
            self.mean_errors.append(float(error.mean()))


def _timed(row: ShotRow) -> Callable[[int], Sequence[Step]]:
    return lambda round_: [Step(shot.paint, shot.prepare) for shot in row(round_)]


def _check(
    rows: Mapping[str, ShotRow], rounds: int, on_step: Callable[[str], object]
) -> dict[str, _Checks]:
    """Work of the shots that were timed, and errors: of several in a round, of the first."""
    checks = {name: _Checks() for name in rows}
    for round_ in range(WARM_UP, rounds):
        for name, row in rows.items():
            for index, shot in enumerate(row(round_)):
                if round_ != WARM_UP:
                    checks[name].add(shot, compares=index == 0)
                elif shot.is_live:
                    shot.prepare()
                    shot.paint()
            if round_ != WARM_UP:
                on_step(f"checking {name}")
    return checks
