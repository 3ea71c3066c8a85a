"""Segmenters: networks that read the classes in photos, to judge pictures with, or to teach.

A judge and a teacher begin with different networks and draw different numbers. One that judges
must not be one that taught: use a judge for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from sinopia.data.dataset import DatasetConfig
from sinopia.data.folder import open_folder
from sinopia.data.transforms import PreprocessConfig
from sinopia.models.segmenter import SegmenterConfig
from sinopia.models.squeezenet_segmenter import SqueezeNetSegmenterConfig
from sinopia.recipes.common import load_size
from sinopia.recipes.folder import validation_part
from sinopia.recipes.pretrained import Pretrained
from sinopia.training.config import OptimizerConfig, ScheduleConfig, SegmenterTrainConfig
from sinopia.training.objectives.segmentation import SegmentationObjectiveConfig

__all__ = ["judge", "judge_camvid", "segmenter", "teacher", "teacher_camvid"]

_CAMVID_SIZE = (192, 256)
_CAMVID_CLASSES = 11
_MAX_SHORT_SIDE = 256
_STEP = 32


@dataclass(frozen=True)
class _Photos:
    """What is to be read, and at which size."""

    data: DatasetConfig
    validation: DatasetConfig | None
    num_classes: int
    size_hw: tuple[int, int]


def judge(root: str, pretrained: Pretrained) -> SegmenterTrainConfig:
    """A segmenter on SqueezeNet 1.0, to judge pictures of a folder's classes; minutes on a CPU."""
    return _judge("judge", _folder(root), pretrained)


def judge_camvid(root: str, pretrained: Pretrained) -> SegmenterTrainConfig:
    """`judge` for CamVid's eleven classes at 192x256."""
    return _judge("judge_camvid", _camvid(root), pretrained)


def teacher(root: str, pretrained: Pretrained) -> SegmenterTrainConfig:
    """A segmenter on SqueezeNet 1.1, for guidance.segmenter of a run; minutes on a CPU."""
    return _teacher("teacher", _folder(root), pretrained)


def teacher_camvid(root: str, pretrained: Pretrained) -> SegmenterTrainConfig:
    """`teacher` for CamVid's eleven classes at 192x256."""
    return _teacher("teacher_camvid", _camvid(root), pretrained)


def segmenter(root: str, pretrained: Pretrained) -> SegmenterTrainConfig:
    """A compact segmenter of a folder's classes, from nothing; an hour on a CPU."""
    photos = _folder(root)
    model = SegmenterConfig(num_classes=photos.num_classes)
    return _run("segmenter", photos, model, backbone=None, seed=3)


def _judge(name: str, photos: _Photos, pretrained: Pretrained) -> SegmenterTrainConfig:
    backbone = pretrained.require("squeezenet_1_0", recipe=name)
    model = SqueezeNetSegmenterConfig(num_classes=photos.num_classes, version="1.0")
    return _run(name, photos, model, backbone=backbone, seed=1)


def _teacher(name: str, photos: _Photos, pretrained: Pretrained) -> SegmenterTrainConfig:
    backbone = pretrained.require("squeezenet_1_1", recipe=name)
    model = SqueezeNetSegmenterConfig(num_classes=photos.num_classes, version="1.1")
    return _run(name, photos, model, backbone=backbone, seed=2)


def _run(
    name: str,
    photos: _Photos,
    model: SegmenterConfig | SqueezeNetSegmenterConfig,
    *,
    backbone: str | None,
    seed: int,
) -> SegmenterTrainConfig:
    size_hw = photos.size_hw
    return SegmenterTrainConfig(
        name=name,
        dataset=photos.data,
        validation=photos.validation,
        model=model,
        backbone=backbone,
        preprocess=PreprocessConfig(load_size=load_size(size_hw), size_hw=size_hw),
        objective=SegmentationObjectiveConfig(augmentations=("color",), class_balance=0.5),
        optimizer=OptimizerConfig(generator_lr=1e-3, beta1=0.9, beta2=0.99),
        schedule=ScheduleConfig(
            report_every=500,
            preview_every=4_000,
            measure_every=2_000,
            save_every=4_000,
            num_measured=101,
        ),
        images=16_000,
        batch_size=16,
        seed=seed,
        num_workers=0,
        card=_CARD,
    )


def _folder(root: str) -> _Photos:
    """At the size of the first scene, brought to what segmenters are fed."""
    scenes = open_folder(root)
    height, width = scenes[0].label_map.size_hw
    scale = min(1.0, _MAX_SHORT_SIDE / min(height, width))
    sides = [max(_STEP, round(side * scale / _STEP) * _STEP) for side in (height, width)]
    return _Photos(
        DatasetConfig("folder", root),
        validation_part(root),
        len(scenes.vocabulary),
        (sides[0], sides[1]),
    )


def _camvid(root: str) -> _Photos:
    return _Photos(
        DatasetConfig("camvid", root),
        DatasetConfig("camvid", root, split="val"),
        _CAMVID_CLASSES,
        _CAMVID_SIZE,
    )


_CARD = """\
Reads the classes in photos. It is there to judge how well pictures obey their maps, or to teach a
generator to obey them, never both: what it misreads in photos, it will misread in pictures, so
compare with what it scores on photos.
"""
