"""Fair times: what is compared takes turns, so that a change of the machine's load touches all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

__all__ = ["WARM_UP", "Row", "Step", "medians", "num_threads", "time_in_turns"]

WARM_UP = -1
"""The round before the first; its times are thrown away."""


@dataclass(frozen=True)
class Step:
    """One thing to time."""

    run: Callable[[], object]
    prepare: Callable[[], object] = lambda: None
    """What has to be done before, and is not timed."""


Row = Callable[[int], Sequence[Step]]
"""The steps of a row of a table in a round."""


def time_in_turns(
    rows: Mapping[str, Row],
    *,
    rounds: int,
    device: torch.device,
    on_step: Callable[[str], object] = lambda _: None,
) -> dict[str, list[float]]:
    """Seconds of every step of each row, round by round, after a warm-up round.

    `on_step` is told the row that was measured, (rounds + 1) times for each.
    """
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for round_ in range(WARM_UP, rounds):
        for name, row in rows.items():
            for step in row(round_):
                step.prepare()
                _wait_for(device)
                start = time.perf_counter()
                step.run()
                _wait_for(device)
                if round_ != WARM_UP:
                    seconds[name].append(time.perf_counter() - start)
            on_step(name)
    return seconds


def medians(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each row."""
    return {name: statistics.median(values) for name, values in seconds.items()}


@contextmanager
def num_threads(threads: int | None) -> Iterator[int]:
    """Compute with so many threads for a while, with torch's own choice if None; yields the number.

    Only products and convolutions of this process are meant.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(before if threads is None else threads)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
