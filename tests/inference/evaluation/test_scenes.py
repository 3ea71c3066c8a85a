from __future__ import annotations

import json
from pathlib import Path

import pytest

from sinopia.errors import DatasetError
from sinopia.inference.evaluation.curves import curve_svg, read_curves
from sinopia.inference.evaluation.scenes import evenly_spread, open_scenes
from sinopia.scene import Vocabulary
from tests.inference.evaluation.cases import write_scenes


def test_evenly_spread() -> None:
    assert evenly_spread(5, None) == evenly_spread(5, 9) == (0, 1, 2, 3, 4)
    assert evenly_spread(101, 5) == (0, 25, 50, 75, 100)


def test_parts_sizes_and_limits(tmp_path: Path, tiny_vocabulary: Vocabulary) -> None:
    write_scenes(tmp_path / "val", tiny_vocabulary, count=5)
    write_scenes(tmp_path / "train", tiny_vocabulary, count=3)
    common = {"vocabulary": tiny_vocabulary, "size_hw": (16, 24)}
    val = open_scenes(tmp_path, "val", limit=3, **common)
    assert [scene.key for scene in val] == ["scene0", "scene2", "scene4"]
    assert {photo.shape for photo in val.photos()} == {(16, 24, 3)}
    assert (val.split, len(val)) == ("val", 3)
    train = open_scenes(tmp_path, "train", limit=None, **common)
    assert (train.split, len(train)) == ("train", 3)
    alone = open_scenes(tmp_path / "val", "val", limit=None, **common)
    assert (alone.split, len(alone)) == ("all", 5)
    with pytest.raises(DatasetError, match="one part only"):
        open_scenes(tmp_path / "val", "train", limit=None, **common)


def test_curves_of_a_run(tmp_path: Path) -> None:
    assert read_curves(tmp_path / "run" / "model") == {}
    (tmp_path / "run").mkdir()
    lines = [
        json.dumps({"images_seen": 10, "loss/G/kl": 2.0, "images_per_second": 3.0}),
        json.dumps({"images_seen": 20, "loss/G/kl": 1.0, "validation/l1": 0.5}),
        '{"images_seen": 30, "loss/G',
    ]
    (tmp_path / "run" / "metrics.jsonl").write_text("\n".join(lines))
    curves = read_curves(tmp_path / "run" / "model")
    assert curves == {"loss/G/kl": [(10.0, 2.0), (20.0, 1.0)]}  # one point is no curve
    chart = curve_svg("loss/G/kl", [curves["loss/G/kl"], [(5.0, 1.5), (10.0, 1.5)]])
    assert chart.count("<polyline") == 2
    assert "20 images" in chart
