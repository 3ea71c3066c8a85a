"""Compare with the files of this folder, and say how to accept a change."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent
HOW_TO_ACCEPT = "If the change is meant, run `make golden` (python -m tests.golden) and commit."

Values = dict[str, list[float]]


def check_text(name: str, text: str) -> None:
    """The file must hold exactly this text."""
    stored = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    lines = text.splitlines()
    gone = [line for line in stored if line not in set(lines)]
    new = [line for line in lines if line not in set(stored)]
    assert lines == stored, (
        f"tests/golden/{name}: {len(gone)} lines are gone, {len(new)} are new.\n"
        f"gone: {gone[:5]}\nnew: {new[:5]}\n{HOW_TO_ACCEPT}"
    )


def check_values(name: str, values: Values, *, atol: float) -> None:
    """The file must hold these keys, and these numbers to `atol`."""
    stored: Values = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert stored.keys() == values.keys(), f"tests/golden/{name}: other entries. {HOW_TO_ACCEPT}"
    for key, numbers in values.items():
        pairs = list(zip(stored[key], numbers, strict=True))
        worst = max(abs(old - new) for old, new in pairs)
        assert worst <= atol, (
            f"tests/golden/{name}: {key} is off by {worst:.2e}, more than {atol:.0e}.\n"
            f"stored {stored[key]}\ngot    {numbers}\n{HOW_TO_ACCEPT}"
        )


def write_text(name: str, text: str) -> None:
    (FOLDER / name).write_text(text, encoding="utf-8")


def write_values(name: str, values: Values) -> None:
    lines = [
        f"{json.dumps(key)}: {json.dumps([round(number, 6) for number in numbers])}"
        for key, numbers in values.items()
    ]
    write_text(name, "{\n" + ",\n".join(lines) + "\n}\n")
