"""Loss curves of a training run as inline SVG, where a model lies in its run folder."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

__all__ = ["Curve", "curve_svg", "read_curves"]

Curve = list[tuple[float, float]]
"""Images seen and value."""

_METRICS_FILE = "metrics.jsonl"
_SHOWN = ("loss/", "validation/")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 300, 150, 46, 22


def read_curves(model_folder: str | Path) -> dict[str, Curve]:
    """Losses and validation values of the run that a model folder lies in; empty without one."""
    path = Path(model_folder).resolve().parent / _METRICS_FILE
    if not path.is_file():
        return {}
    curves: dict[str, Curve] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            values = json.loads(line)
            images_seen = float(values["images_seen"])
        except (json.JSONDecodeError, KeyError, TypeError, ValueError):
            continue  # the last line of a run that is being written
        for name, value in values.items():
            is_number = isinstance(value, (int, float)) and math.isfinite(value)
            if name.startswith(_SHOWN) and is_number:
                curves.setdefault(name, []).append((images_seen, float(value)))
    return {name: curve for name, curve in sorted(curves.items()) if len(curve) > 1}


def curve_svg(name: str, curves: Sequence[Curve]) -> str:
    """One chart of one or more runs' values over images seen."""
    points = [point for curve in curves for point in curve]
    last = max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    low = min(low, 0.0) if low < 0.25 * high else low
    span = (high - low) or 1.0

    def place(x: float, y: float) -> str:
        across = _LEFT + (_WIDTH - _LEFT - 8) * x / (last or 1.0)
        up = (_HEIGHT - _BOTTOM - 10) * (y - low) / span
        return f"{across:.1f},{_HEIGHT - _BOTTOM - up:.1f}"

    lines = "".join(
        f'<polyline class="line{index % 4}" points="{" ".join(place(*each) for each in curve)}"/>'
        for index, curve in enumerate(curves)
    )
    base = _HEIGHT - _BOTTOM
    return (
        f'<figure class="curve"><figcaption>{escape(name)}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(name)}">'
        f'<path class="axis" d="M{_LEFT} 6V{base}H{_WIDTH - 4}"/>'
        f'<text x="{_LEFT - 6}" y="14" class="end">{high:.3g}</text>'
        f'<text x="{_LEFT - 6}" y="{base}" class="end">{low:.3g}</text>'
        f'<text x="{_WIDTH - 4}" y="{_HEIGHT - 6}" class="end">{last:,.0f} images</text>'
        f"{lines}</svg></figure>"
    )
