"""A table as text: for the terminal and for a file that says how it was made."""

from __future__ import annotations

import json
import math
from pathlib import Path

from sinopia import config
from sinopia.files import write_text
from sinopia.inference.benchmark.measure import BenchmarkResult, RowResult

__all__ = ["markdown_table", "to_json", "to_markdown", "write_report"]

_HEAD = (
    "row",
    "ms",
    "ratio",
    "GMACs",
    "blocks",
    "max error",
    "mean error",
    "peak memory",
)

_NOTES = (
    "ms: median over rounds, the rows taking turns; each round paints another map, as far as there "
    "are maps; strokes: also over four places, round and square brushes in turn",
    "ratio: how many times as fast as the first row",
    "GMACs: 10^9 multiply-accumulates of all convolutions and matrix products: of dense rows by "
    "formula, of engine rows counted as they run; medians",
    "blocks: distinct 5x5 blocks of ids whose scale and shift are computed, over the pixels of the "
    "picture (dense: all pixels; new style: none; strokes: those not in the map before); medians",
    "errors: of the picture in [-1, 1] against the first row's; largest and mean over all maps; "
    "of strokes, the first place of each round",
    "dense rows: spectral norm folded, one-hot map given; engine rows begin with the ids of a new "
    "map, a new style with a map that was painted, strokes with ids that differ from the picture's",
)


def markdown_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table whose columns stand under each other in plain text as well."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]

    def line(cells: tuple[str, ...]) -> str:
        first = cells[0].ljust(widths[0])
        others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "| " + " | ".join((first, *others)) + " |"

    rule = "|" + "|".join(
        "-" * (width + 1) + (":" if index else "-") for index, width in enumerate(widths)
    )
    return "\n".join([line(head), rule + "|", *(line(row) for row in rows)])


def to_markdown(result: BenchmarkResult) -> str:
    """The table, what it was made with, and what its columns mean."""
    height, width = result.size_hw
    least, most = result.map_block_share
    missing = [(name, *["n/a"] * (len(_HEAD) - 1)) for name in result.missing_rows]
    return "\n".join(
        [
            f"# {result.subject}, {height}x{width}, one picture",
            "",
            f"{result.machine.to_text()}",
            "",
            f"Maps: {result.maps}; distinct blocks {least:.1%} to {most:.1%} of the pixels; "
            f"rounds: {result.rounds}",
            "",
            markdown_table(_HEAD, [*map(_cells, result.rows), *missing]),
            "",
            *(f"- {note}." for note in (*_NOTES, _memory_note(result))),
            "",
        ]
    )


def _memory_note(result: BenchmarkResult) -> str:
    base = result.base_memory_bytes
    if base is None:
        return "peak memory: not measured"
    note = "peak memory: of a process of its own that loads the model and makes one picture; "
    if result.machine.device != "cpu":
        return note + "what torch allocates on the device"
    return note + f"its resident set (VmHWM), {base / 1e6:.0f} MB of it Python and torch"


def to_json(result: BenchmarkResult) -> str:
    """The same as JSON, unrounded."""
    return json.dumps(config.to_json(result), indent=1, allow_nan=False)


def write_report(folder: Path, result: BenchmarkResult) -> Path:
    """Write the Markdown into a folder, named after date, subject, size and device; its path.

    Raises:
        OSError: when the folder cannot be written; nothing is left behind.
    """
    height, width = result.size_hw
    subject = "-".join(result.subject.split())
    device = "cpu" if result.machine.device == "cpu" else "cuda"
    path = folder / f"{result.machine.date}-{subject}-{height}x{width}-{device}.md"
    write_text(path, to_markdown(result))
    return path


def _cells(row: RowResult) -> tuple[str, ...]:
    peak = row.peak_memory_bytes
    return (
        row.name,
        _rounded(row.milliseconds, digits=3),
        f"{row.ratio:.1f}x",
        _rounded(row.gmacs, digits=4),
        f"{row.block_share:.1%}",
        f"{row.max_error:.1e}",
        f"{row.mean_error:.1e}",
        "n/a" if peak is None else f"{peak / 1e6:.0f} MB",
    )


def _rounded(value: float, *, digits: int) -> str:
    """So many digits that count, or all before the point, without an exponent."""
    decimals = max(0, digits - 1 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{value:.{decimals}f}"
