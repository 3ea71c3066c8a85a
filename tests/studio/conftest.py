from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sinopia.scene import LabelMap
from sinopia.studio.models import ModelShelf
from sinopia.studio.studio import Studio
from tests.studio.wire import Running, running


@pytest.fixture(scope="session")
def tiny_shelf(tiny_model_folder: Path) -> ModelShelf:
    """The tiny model and those that come with sinopia."""
    return ModelShelf([tiny_model_folder], precision="fp32")


@pytest.fixture(scope="package")
def server(tiny_shelf: ModelShelf) -> Iterator[Running]:
    """A running studio without a token."""
    with running(Studio(tiny_shelf)) as started:
        yield started


@pytest.fixture
def tiny_ids(tiny_map: LabelMap) -> bytes:
    """The ids of `tiny_map`, 32x32."""
    return tiny_map.ids.tobytes()
