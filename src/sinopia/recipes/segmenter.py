"""Segmenters: compact networks that read the classes in photos, to judge pictures with.

One that judges must not be one that taught: train it with a seed of its own and use it for nothing
else.
"""

from __future__ import annotations

from sinopia.data.dataset import DatasetConfig
from sinopia.data.transforms import PreprocessConfig
from sinopia.models.segmenter import SegmenterConfig
from sinopia.training.config import ScheduleConfig, SegmenterTrainConfig
from sinopia.training.objectives.gaugan import PerceptualConfig

__all__ = ["segmenter_camvid", "segmenter_landscape"]

_SCHEDULE = ScheduleConfig(
    report_every=500, preview_every=4_000, measure_every=2_000, save_every=4_000, num_measured=101
)


def segmenter_camvid(root: str, perceptual: PerceptualConfig | None) -> SegmenterTrainConfig:
    """A segmenter of CamVid's eleven classes at 192x256; minutes on a CPU."""
    return SegmenterTrainConfig(
        name="segmenter_camvid",
        dataset=DatasetConfig("camvid", root),
        validation=DatasetConfig("camvid", root, split="val"),
        model=SegmenterConfig(num_classes=11),
        preprocess=PreprocessConfig(load_size=224, size_hw=(192, 256)),
        schedule=_SCHEDULE,
        images=16_000,
        batch_size=8,
        num_workers=0,
        card=_CARD,
    )


def segmenter_landscape(root: str, perceptual: PerceptualConfig | None) -> SegmenterTrainConfig:
    """A segmenter of the eight landscape classes at 128x128; minutes on a CPU."""
    return SegmenterTrainConfig(
        name="segmenter_landscape",
        dataset=DatasetConfig("folder", root),
        validation=DatasetConfig("folder", root, split="val"),
        model=SegmenterConfig(num_classes=8),
        preprocess=PreprocessConfig(load_size=144, size_hw=(128, 128)),
        schedule=_SCHEDULE,
        images=32_000,
        batch_size=16,
        num_workers=0,
        card=_CARD,
    )


_CARD = """\
Reads the classes in photos. It is there to judge how well pictures obey their maps: what it
misreads in photos, it will misread in pictures, so compare with what it scores on photos.
"""
