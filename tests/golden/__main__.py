"""Rewrite all golden files from what the code does now: `python -m tests.golden`."""

from __future__ import annotations

from tests.golden import files, spade


def main() -> None:
    files.write_text(spade.KEYS_FILE, spade.keys())
    files.write_values(spade.VALUES_FILE, spade.values())
    for name in (spade.KEYS_FILE, spade.VALUES_FILE):
        print(f"wrote tests/golden/{name}")


if __name__ == "__main__":
    main()
