"""Tiny runs for tests: eight made pairs of 32x32, networks of some thousand weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sinopia.data.dataset import DatasetConfig
from sinopia.data.transforms import PreprocessConfig
from sinopia.files import write_text
from sinopia.models.spade import SpadeConfig, SpadeDiscriminatorConfig, SpadeEncoderConfig
from sinopia.scene import Vocabulary
from sinopia.training.config import ScheduleConfig, TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig

__all__ = ["SIDE", "final_weights", "metrics_of", "tiny_run", "write_pairs"]

SIDE = 32
_TIMES = ("seconds", "images_per_second")


def write_pairs(
    root: Path,
    vocabulary: Vocabulary,
    *,
    count: int = 8,
    has_images: bool = True,
    has_instances: bool = True,
) -> Path:
    """Two bands of classes, and a photo in their colours with some noise."""
    rng = np.random.default_rng(3)
    for index in range(count):
        ids = np.full((SIDE, SIDE), index % len(vocabulary), np.uint8)
        ids[8 + index :] = (index + 1) % len(vocabulary)
        noise = rng.integers(-20, 21, (SIDE, SIDE, 3))
        photo = np.clip(vocabulary.palette[ids] + noise, 0, 255).astype(np.uint8)
        parts = {"labels": ids}
        if has_images:
            parts["images"] = photo
        if has_instances:
            parts["instances"] = np.where(ids == ids[0, 0], 0, 1).astype(np.uint8)
        for folder, values in parts.items():
            path = root / folder / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(path)
    write_text(root / "vocabulary.json", json.dumps(vocabulary.to_json()))
    return root


def tiny_run(root: Path, **changes: Any) -> TrainConfig:
    """A run of ten steps on `write_pairs`: report at every second, save at every fourth."""
    config = TrainConfig(
        name="tiny",
        dataset=DatasetConfig("folder", str(root)),
        model=SpadeConfig(
            num_classes=5,
            size_hw=(SIDE, SIDE),
            base_channels=4,
            channel_multipliers=(4, 4, 4, 2, 2, 1, 1),
            hidden_channels=8,
            style_dim=8,
            encoder=SpadeEncoderConfig(base_channels=4, input_size=32),
        ),
        preprocess=PreprocessConfig(load_size=34, size_hw=(SIDE, SIDE)),
        discriminator=SpadeDiscriminatorConfig(base_channels=4, num_layers=3),
        objective=GauganObjectiveConfig(augmentations=("color", "translation", "cutout")),
        schedule=ScheduleConfig(
            report_every=8,
            preview_every=16,
            measure_every=16,
            save_every=16,
            num_previews=2,
            num_measured=4,
        ),
        images=40,
        batch_size=4,
        average_half_life=16,
        precision="fp32",
        num_workers=0,
    )
    return replace(config, **changes)


def final_weights(run: Path) -> tuple[dict[str, Any], bytes]:
    """The newest checkpoint: what its header says, in any order, and every byte of its tensors."""
    content = max((run / "checkpoints").glob("*.safetensors")).read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), content[end:]


def metrics_of(run: Path) -> list[dict[str, float]]:
    """The lines of metrics.jsonl, without what a clock put there."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in _TIMES} for line in lines]
