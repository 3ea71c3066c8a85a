"""What all tests of the networks share."""

from __future__ import annotations

import pytest

from sinopia.nn import spade


@pytest.fixture(autouse=True)
def by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scale and shift by distinct blocks, which small maps have too many of."""
    monkeypatch.setattr(spade, "MAX_BLOCK_SHARE", 1.0)
