"""Tiny data and judges for evaluations: random weights under real names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torchvision.models import squeezenet1_0

from sinopia.models.segmenter import CompactSegmenter, SegmenterConfig
from sinopia.scene import LabelMap, Vocabulary, write_image
from sinopia.zoo.checkpoint import Model, save_model

__all__ = ["write_judge", "write_scenes", "write_squeezenet"]


def write_scenes(
    root: Path, vocabulary: Vocabulary, *, count: int = 6, side: int = 32, seed: int = 0
) -> None:
    """Pairs in root/images and root/labels: stripes of classes, a noisy photo in their colours."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        classes = rng.permutation(len(vocabulary))[:4].astype(np.uint8)
        ids = np.repeat(classes, side // 4)[:, None].repeat(side, axis=1)
        ids[:3, :5] = 255
        LabelMap(ids, vocabulary).write(root / "labels" / f"scene{index}.png")
        noise = rng.integers(0, 60, (side, side, 3))
        photo = (vocabulary.palette[ids] * 0.7 + noise).astype(np.uint8)
        write_image(root / "images" / f"scene{index}.png", photo)


def write_squeezenet(folder: Path) -> Path:
    """A folder of weights with SqueezeNet 1.0 in it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tensors = squeezenet1_0(weights=None).state_dict()
    (folder / "squeezenet1_0").mkdir(parents=True)
    save_file(tensors, folder / "squeezenet1_0" / "model.safetensors")
    return folder


def write_judge(folder: Path, vocabulary: Vocabulary, **facts: object) -> Path:
    """A segmenter's model folder."""
    config = SegmenterConfig(
        num_classes=len(vocabulary),
        channels=(4, 8),
        num_blocks=(1, 1),
        expansion=1,
        pyramid_channels=8,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = CompactSegmenter(config).eval()
    model = Model("segmenter", config, vocabulary, {"segmenter": network}, facts)
    save_model(folder, model, card="# judge\n")
    return folder
