"""What a run tells while it trains: metrics.jsonl, TensorBoard, sample grids, a progress bar."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sinopia.files import write_text
from sinopia.scene.image import ImageArray

__all__ = ["Reporter", "SilentReporter"]


class Reporter:
    """Writes a run's reports into its folder; used by the first process only.

    `metrics.jsonl` has one JSON object a line: images_seen, seconds since the run's start or
    resumption, and the values. Lines beyond `images_seen`, of a run that was killed after its last
    checkpoint, are dropped on opening.
    """

    def __init__(self, run: Path, *, images_seen: int, images: int) -> None:
        self._run = run
        self._start = time.monotonic()
        self._images_at_start = images_seen
        self._metrics = run / "metrics.jsonl"
        _drop_lines_after(self._metrics, images_seen)
        self._board = _open_tensorboard(run / "tensorboard", images_seen)
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("[progress.description]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task(
            "images", total=images, completed=images_seen, losses=""
        )
        self._progress.start()

    def advance(self, images_seen: int) -> None:
        """Move the progress bar."""
        self._progress.update(self._task, completed=images_seen)

    def losses(self, values: Mapping[str, float], images_seen: int) -> None:
        """Report mean losses, what is named otherwise beside them, and the speed since the start.

        Only losses are shown in the terminal.
        """
        seconds = time.monotonic() - self._start
        speed = (images_seen - self._images_at_start) / seconds if seconds > 0 else 0.0
        self.values({**values, "images_per_second": round(speed, 3)}, images_seen)
        short = " ".join(
            f"{name.removeprefix('loss/')} {value:.3g}"
            for name, value in values.items()
            if name.startswith("loss/")
        )
        line = f"{speed:.2f} images/s  {short}"
        self._progress.update(self._task, losses=line)
        if not self._console.is_terminal:
            self._console.print(f"{images_seen} images  {line}", markup=False, soft_wrap=True)

    def values(self, values: Mapping[str, float], images_seen: int) -> None:
        """Append named numbers to metrics.jsonl and TensorBoard."""
        seconds = round(time.monotonic() - self._start, 3)
        line = {"images_seen": images_seen, "seconds": seconds, **values}
        with self._metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, images_seen)

    def grid(self, image: ImageArray, images_seen: int) -> None:
        """Show a sample grid in TensorBoard; the file beside it is the caller's."""
        if self._board is not None:
            self._board.add_image("samples", image, images_seen, dataformats="HWC")

    def say(self, text: str) -> None:
        """Print a line for the person at the terminal."""
        self._console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Finish the progress bar and the event file."""
        self._progress.stop()
        if self._board is not None:
            self._board.close()


class SilentReporter:
    """Stands in for `Reporter` in all processes but the first."""

    def advance(self, images_seen: int) -> None: ...

    def losses(self, values: Mapping[str, float], images_seen: int) -> None: ...

    def values(self, values: Mapping[str, float], images_seen: int) -> None: ...

    def grid(self, image: ImageArray, images_seen: int) -> None: ...

    def say(self, text: str) -> None: ...

    def close(self) -> None: ...


def _open_tensorboard(folder: Path, images_seen: int) -> Any:
    """A TensorBoard writer, or None without the `train` extra."""
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard.writer import SummaryWriter

    return SummaryWriter(str(folder), purge_step=images_seen + 1 if images_seen else None)


def _drop_lines_after(path: Path, images_seen: int) -> None:
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if _images_of(line, default=images_seen + 1) <= images_seen]
    if len(kept) < len(lines):
        write_text(path, "".join(line + "\n" for line in kept))


def _images_of(line: str, *, default: int) -> int:
    """A line's image count; a line that a kill cut short counts as beyond the checkpoint."""
    try:
        return int(json.loads(line)["images_seen"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return default
