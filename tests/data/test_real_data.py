"""The readers on real files, where the environment variable SINOPIA_DATA names a folder of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sinopia.data.dataset import DatasetConfig
from sinopia.data.opening import open_dataset
from sinopia.data.transforms import PreprocessConfig, preprocess

DATA = os.environ.get("SINOPIA_DATA")


@pytest.mark.parametrize(
    ("kind", "folder", "length", "has_instances"),
    [
        ("camvid", "camvid", 367, False),
        ("folder", "landscape", 2449, False),
        ("coco-stuff", "coco-stuff-sample", 6, True),
    ],
)
def test_two_scenes(kind: Any, folder: str, length: int, has_instances: bool) -> None:
    if DATA is None or not (Path(DATA) / folder).is_dir():
        pytest.skip(f"SINOPIA_DATA names no folder that holds {folder}")
    data = open_dataset(DatasetConfig(kind, str(Path(DATA) / folder)))
    assert len(data) == length
    config = PreprocessConfig("scale_shortside_and_crop", load_size=72, size_hw=(64, 64))
    for index in range(2):
        scene = preprocess(data[index], config, rng=np.random.default_rng(index))
        assert scene.label_map.size_hw == (64, 64)
        assert len(np.unique(scene.label_map.ids)) > 1
        assert scene.image is not None and scene.image.std() > 5
        assert (scene.instance_ids is not None) == has_instances
