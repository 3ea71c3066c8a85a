"""Trains in a process of its own, which kills itself at a place that the test chose.

python -m tests.training.stopped_run RUN PAIRS PLACE
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from sinopia.training import loop, state
from sinopia.training.reporting import Reporter
from sinopia.training.run import train
from tests.training.runs import tiny_run


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _between_checkpoints() -> None:
    advance = Reporter.advance

    def advance_or_die(self: Reporter, images_seen: int) -> None:
        advance(self, images_seen)
        if images_seen == 28:  # after the report of 24, which the checkpoint of 16 does not know
            _die()

    Reporter.advance = advance_or_die


def _while_saving() -> None:
    save_file = state.save_file

    def save_half(tensors: Any, path: Path, **options: Any) -> None:
        save_file(tensors, path, **options)
        os.truncate(path, path.stat().st_size // 2)
        _die()

    state.save_file = save_half


def _after_saving() -> None:
    def die_instead(*_args: Any, **_options: Any) -> None:
        _die()

    loop.prune_checkpoints = die_instead


if __name__ == "__main__":
    torch.set_num_threads(1)
    places = {
        "between": _between_checkpoints,
        "while_saving": _while_saving,
        "after_saving": _after_saving,
    }
    places[sys.argv[3]]()
    train(tiny_run(Path(sys.argv[2])), sys.argv[1], device="cpu")
