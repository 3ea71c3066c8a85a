"""GauGAN runs: the published settings on the published data sets, and runs on smaller sets.

Park et al., CVPR 2019, appendix A. Published runs had 8 GPUs and batches of 32 (16 for Cityscapes);
on one GPU set `accumulation`. Where the paper and the released training code differ, these follow
the code.
"""

from __future__ import annotations

from sinopia.data.dataset import DatasetConfig
from sinopia.data.transforms import PreprocessConfig
from sinopia.models.spade import SpadeConfig, SpadeDiscriminatorConfig, SpadeEncoderConfig
from sinopia.recipes.common import splits
from sinopia.recipes.pretrained import Pretrained
from sinopia.training.config import ScheduleConfig, TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.objectives.guidance import GuidanceConfig

__all__ = [
    "gaugan_ade20k",
    "gaugan_camvid",
    "gaugan_cityscapes",
    "gaugan_coco",
    "gaugan_landscape",
    "gaugan_tiny",
]


def gaugan_coco(root: str, pretrained: Pretrained) -> TrainConfig:
    """COCO-Stuff as published: 118,287 pairs, instance edges, 100 epochs of batches of 32."""
    return TrainConfig(
        name="gaugan_coco",
        **splits("coco-stuff", root),
        model=SpadeConfig(num_classes=182, has_instance_edges=True),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        images=100 * 118_287,
    )


def gaugan_ade20k(root: str, pretrained: Pretrained) -> TrainConfig:
    """ADE20K as published: 20,210 pairs, 200 epochs, learning rates falling over the last 100."""
    return TrainConfig(
        name="gaugan_ade20k",
        **splits("ade20k", root),
        model=SpadeConfig(num_classes=150),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        images=200 * 20_210,
        decay_from=0.5,
    )


def gaugan_cityscapes(root: str, pretrained: Pretrained) -> TrainConfig:
    """Cityscapes as published: 256x512, 35 label ids, edges, 2,975 pairs, 200 epochs, batch 16."""
    return TrainConfig(
        name="gaugan_cityscapes",
        **splits("cityscapes", root),
        model=SpadeConfig(
            num_classes=35,
            has_unlabeled=False,
            has_instance_edges=True,
            size_hw=(256, 512),
            upsampling="more",
        ),
        preprocess=PreprocessConfig(mode="fixed", size_hw=(256, 512)),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        images=200 * 2_975,
        batch_size=16,
        decay_from=0.5,
    )


def gaugan_landscape(root: str, pretrained: Pretrained) -> TrainConfig:
    """Landscapes at 256x256 with a style code: few thousand pairs, so augmented."""
    return TrainConfig(
        name="gaugan_landscape",
        **splits("folder", root),
        model=SpadeConfig(
            num_classes=8, has_unlabeled=False, style_dim=256, encoder=SpadeEncoderConfig()
        ),
        objective=GauganObjectiveConfig(augmentations=("color", "translation", "cutout")),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        images=600_000,
        batch_size=16,
        decay_from=0.5,
    )


def gaugan_camvid(root: str, pretrained: Pretrained) -> TrainConfig:
    """CamVid streets at 256x352 with a style code: 367 pairs, so the discriminator is augmented."""
    size_hw = (256, 352)
    return TrainConfig(
        name="gaugan_camvid",
        **splits("camvid", root),
        model=SpadeConfig(
            num_classes=11, size_hw=size_hw, style_dim=256, encoder=SpadeEncoderConfig()
        ),
        preprocess=PreprocessConfig(mode="resize_and_crop", load_size=272, size_hw=size_hw),
        objective=GauganObjectiveConfig(augmentations=("color", "translation", "cutout")),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        images=300_000,
        batch_size=16,
        decay_from=0.5,
    )


def gaugan_tiny(root: str, pretrained: Pretrained) -> TrainConfig:
    """Procedural scenes at 32x32 with a tiny network: seconds, for tests and first tries."""
    size_hw = (32, 32)
    scenes = DatasetConfig("procedural", size_hw=size_hw, length=256)
    return TrainConfig(
        name="gaugan_tiny",
        dataset=scenes,
        validation=DatasetConfig("procedural", split="val", size_hw=size_hw, length=16),
        model=SpadeConfig(
            num_classes=17,
            size_hw=size_hw,
            base_channels=4,
            channel_multipliers=(4, 4, 4, 4, 2, 2, 1),
            hidden_channels=8,
            style_dim=8,
            encoder=SpadeEncoderConfig(base_channels=4, input_size=32),
        ),
        preprocess=PreprocessConfig(load_size=34, size_hw=size_hw),
        discriminator=SpadeDiscriminatorConfig(base_channels=8, num_layers=3),
        objective=GauganObjectiveConfig(augmentations=("color", "translation")),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        schedule=ScheduleConfig(
            report_every=64, preview_every=512, measure_every=512, save_every=512, num_previews=4
        ),
        images=4_096,
        batch_size=8,
        average_half_life=256,
        precision="fp32",
        num_workers=0,
    )
