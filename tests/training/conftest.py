from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from sinopia.scene import Vocabulary
from sinopia.training.run import train
from tests.training.runs import tiny_run, write_pairs


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Sums are added up in one order only when one thread adds them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory, tiny_vocabulary: Vocabulary) -> Path:
    """A folder of eight pairs with instance maps; shared, so only for reading."""
    return write_pairs(tmp_path_factory.mktemp("data") / "pairs", tiny_vocabulary)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory, pairs: Path) -> Path:
    """The folder of a `tiny_run` that nothing stopped; shared, so only for reading."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    result = train(tiny_run(pairs), run, device="cpu")
    assert result.is_complete and result.images_seen == 40
    return run
