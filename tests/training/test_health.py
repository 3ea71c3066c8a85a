"""Shares of losses, and the memory of the best model."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinopia.errors import ConfigError
from sinopia.models.spade import SpadeConfig, SpadeGenerator
from sinopia.scene import Vocabulary
from sinopia.training.health import BestModel, loss_shares
from sinopia.zoo.checkpoint import Model, save_model


def keep(folder: Path, vocabulary: Vocabulary, measured: dict[str, float], chosen_by: str) -> None:
    config = SpadeConfig(
        num_classes=len(vocabulary), size_hw=(32, 32), base_channels=2, hidden_channels=2
    )
    facts = {"measured": measured, "chosen_by": chosen_by}
    model = Model("spade", config, vocabulary, {"generator": SpadeGenerator(config)}, facts)
    save_model(folder, model, card="", preview=None)


def test_shares_by_hand() -> None:
    losses = {"loss/G/a": -1.0, "loss/G/b": 3.0, "loss/D/real": 9.0, "health/D/win_rate": 0.5}
    assert loss_shares(losses) == {"health/G/a_share": 0.25, "health/G/b_share": 0.75}
    assert loss_shares({"loss/G/a": 0.0, "loss/D/real": 1.0}) == {}


def test_the_lowest_is_the_best(tmp_path: Path) -> None:
    best = BestModel(tmp_path / "best", None)
    values = (0.5, 0.6, 0.4, 0.4, 0.3999999, 0.41, 0.1)
    kept = [best.is_beaten_by({"validation/l1": 9.0, "validation/far": each}) for each in values]
    assert kept == [True, False, True, False, False, False, True]  # five digits count
    assert best.metric_of({"validation/l1": 9.0, "validation/far": 0.0}) == "validation/far"


def test_a_resumed_run_knows_its_best(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    keep(tmp_path / "best", tiny_vocabulary, {"validation/l1": 0.25}, "validation/l1")
    again = BestModel(tmp_path / "best", "validation/l1")
    assert not again.is_beaten_by({"validation/l1": 0.3})
    assert again.is_beaten_by({"validation/l1": 0.2})
    other = BestModel(tmp_path / "best", "validation/far")
    assert other.is_beaten_by({"validation/l1": 0.3, "validation/far": 0.7})  # another measure


def test_a_metric_that_is_not_measured(tmp_path: Path) -> None:
    best = BestModel(tmp_path / "best", "validation/fid")
    message = "schedule.best_by: .* 'validation/fid'; it measures validation/l1"
    with pytest.raises(ConfigError, match=message):
        best.is_beaten_by({"validation/l1": 0.3})
