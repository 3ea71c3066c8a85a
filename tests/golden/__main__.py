"""Rewrite all golden files from what the code does now: `python -m tests.golden`."""

from __future__ import annotations

from tests.golden import files, spade, studio


def main() -> None:
    files.write_text(spade.KEYS_FILE, spade.keys())
    files.write_values(spade.VALUES_FILE, spade.values())
    files.write_text(studio.ROUTES_FILE, studio.routes())
    for name in (spade.KEYS_FILE, spade.VALUES_FILE, studio.ROUTES_FILE):
        print(f"wrote tests/golden/{name}")


if __name__ == "__main__":
    main()
