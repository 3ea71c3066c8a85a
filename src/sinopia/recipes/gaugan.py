"""GauGAN runs: the published settings on the published data sets, and runs on smaller sets.

Park et al., CVPR 2019, appendix A. Published runs had 8 GPUs and batches of 32 (16 for Cityscapes);
on one GPU set `accumulation`. Where the paper and the released training code differ, these follow
the code.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

from sinopia.data.dataset import DatasetConfig, DatasetKind
from sinopia.data.transforms import PreprocessConfig
from sinopia.models.spade import SpadeConfig, SpadeDiscriminatorConfig, SpadeEncoderConfig
from sinopia.recipes.pretrained import Pretrained
from sinopia.training.config import OptimizerConfig, ScheduleConfig, TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.objectives.guidance import GuidanceConfig

__all__ = [
    "gaugan_ade20k",
    "gaugan_camvid",
    "gaugan_cityscapes",
    "gaugan_coco",
    "gaugan_landscape",
    "gaugan_tiny",
    "scenery",
    "scenery_128",
    "street",
]


def gaugan_coco(root: str, pretrained: Pretrained) -> TrainConfig:
    """COCO-Stuff as published: 118,287 pairs, instance edges, 100 epochs of batches of 32."""
    return TrainConfig(
        name="gaugan_coco",
        **_splits("coco-stuff", root),
        model=SpadeConfig(num_classes=182, has_instance_edges=True),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        images=100 * 118_287,
    )


def gaugan_ade20k(root: str, pretrained: Pretrained) -> TrainConfig:
    """ADE20K as published: 20,210 pairs, 200 epochs, learning rates falling over the last 100."""
    return TrainConfig(
        name="gaugan_ade20k",
        **_splits("ade20k", root),
        model=SpadeConfig(num_classes=150),
        guidance=GuidanceConfig(perceptual=pretrained.perceptual),
        images=200 * 20_210,
        decay_from=0.5,
    )


def gaugan_cityscapes(root: str, pretrained: Pretrained) -> TrainConfig:
    """Cityscapes as published: 256x512, 35 label ids, edges, 2,975 pairs, 200 epochs, batch 16."""
    return TrainConfig(
        name="gaugan_cityscapes",
        **_splits("cityscapes", root),
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
        **_splits("folder", root),
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
        **_splits("camvid", root),
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


def scenery_128(root: str, pretrained: Pretrained) -> TrainConfig:
    """What `scenery` begins with: landscapes at 128x128, hours on two CPU cores."""
    return _scenery(
        "scenery_128",
        root,
        pretrained,
        model=_small_model(num_classes=8, has_unlabeled=False, size_hw=(128, 128)),
        images=24_000,
    )


def scenery(root: str, pretrained: Pretrained) -> TrainConfig:
    """The shipped model: landscapes at 256x256; begin with scenery_128 (--start-from)."""
    model = _small_model(num_classes=8, has_unlabeled=False, size_hw=(256, 256))
    assert model.encoder is not None
    # one more doubling: the blocks of 128x128 keep their weights, each on a grid twice as fine
    model = replace(
        model,
        upsampling="more",
        has_noise=True,
        encoder=replace(model.encoder, has_colors=True),
    )
    config = _scenery("scenery", root, pretrained, model=model, images=12_000)
    return replace(
        config,
        guidance=replace(
            config.guidance,
            segmenter_scale=2,  # it may have been trained beside scenery_128
            color_weight=60.0,
            kl_weight=0.002,
        ),
        standard_styles=True,
        batch_size=4,  # styles are learnt by the number of steps
        optimizer=replace(config.optimizer, generator_lr=3e-4),
    )


def _scenery(
    name: str,
    root: str,
    pretrained: Pretrained,
    *,
    model: SpadeConfig,
    images: int,
) -> TrainConfig:
    side = model.size_hw[0]
    return TrainConfig(
        name=name,
        **_splits("folder", root),
        model=model,
        preprocess=PreprocessConfig(load_size=round(1.12 * side), size_hw=model.size_hw),
        discriminator=SpadeDiscriminatorConfig(base_channels=32),
        objective=GauganObjectiveConfig(augmentations=("color", "translation")),
        guidance=_small_guidance(pretrained),
        optimizer=_SMALL_OPTIMIZER,
        schedule=_SMALL_SCHEDULE,
        images=images,
        batch_size=8,
        decay_from=0.6,
        average_half_life=2_000,
        num_workers=0,
        card=_SCENERY_CARD,
    )


def street(root: str, pretrained: Pretrained) -> TrainConfig:
    """The shipped street model: CamVid at 192x256, small enough for hours on one CPU core."""
    size_hw = (192, 256)
    return TrainConfig(
        name="street",
        **_splits("camvid", root),
        model=_small_model(num_classes=11, has_unlabeled=True, size_hw=size_hw),
        preprocess=PreprocessConfig(mode="resize_and_crop", load_size=208, size_hw=size_hw),
        discriminator=SpadeDiscriminatorConfig(base_channels=32),
        objective=GauganObjectiveConfig(augmentations=("color", "translation")),
        guidance=_small_guidance(pretrained),
        optimizer=_SMALL_OPTIMIZER,
        schedule=_SMALL_SCHEDULE,
        images=14_000,
        batch_size=4,
        decay_from=0.6,
        average_half_life=1_000,
        num_workers=0,
        card=_STREET_CARD,
    )


def _small_model(*, num_classes: int, has_unlabeled: bool, size_hw: tuple[int, int]) -> SpadeConfig:
    """The networks of the shipped models: 11 million weights."""
    return SpadeConfig(
        num_classes=num_classes,
        has_unlabeled=has_unlabeled,
        size_hw=size_hw,
        base_channels=32,
        channel_multipliers=(8, 8, 8, 8, 4, 2, 1),
        hidden_channels=64,
        style_dim=64,
        encoder=SpadeEncoderConfig(base_channels=32, input_size=128),
    )


def _small_guidance(pretrained: Pretrained) -> GuidanceConfig:
    """A teaching segmenter comes with --set guidance.segmenter=FOLDER."""
    return GuidanceConfig(
        perceptual=pretrained.perceptual, perceptual_weight=20.0, segmenter_weight=3.0
    )


_SMALL_OPTIMIZER = OptimizerConfig(generator_lr=2e-4, discriminator_lr=4e-4)
_SMALL_SCHEDULE = ScheduleConfig(
    report_every=200, preview_every=2_000, measure_every=2_000, save_every=1_000
)


_STREET_CARD = """\
Paints street scenes, seen from a car, from maps of the eleven classes of CamVid: sky, building,
pole, road, pavement, tree, sign, fence, car, pedestrian, bicyclist.

Trained on the 367 frames of CamVid's training part (Brostow, Fauqueur, Cipolla 2009; labels as in
Badrinarayanan et al. 2017), 480x360, scaled to 256x192, for **research**. The frames come from a
few drives through one town, at two times of day. Trained on one CPU core.

It is bad at: people, cyclists and signs (small and few), maps that are not seen from a road, and
any town but this one.
"""


_SCENERY_CARD = """\
Paints landscapes from maps of eight classes: sky, tree, grass, water, mountain, ground, building,
object.

Trained on landscape photos collected from Flickr, 256x256, for **non-commercial
research**; the label maps of these photos were predicted by a network, so sand, desert and wet rock
are often called something else, and edges are soft. Trained on two CPU cores.

It is bad at: buildings and single objects (few pictures, crude labels) and reflections; large areas
of texture show a regular pattern. Unlabeled pixels belong to no class that it knows.
"""


class _Splits(TypedDict):
    dataset: DatasetConfig
    validation: DatasetConfig


def _splits(kind: DatasetKind, root: str) -> _Splits:
    return _Splits(
        dataset=DatasetConfig(kind, root), validation=DatasetConfig(kind, root, split="val")
    )
