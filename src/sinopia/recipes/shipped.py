"""Runs of the models that come with sinopia: small networks, hours on two CPU cores."""

from __future__ import annotations

from dataclasses import replace

from sinopia.data.dataset import DatasetKind
from sinopia.data.transforms import PreprocessConfig
from sinopia.models.spade import SpadeConfig, SpadeEncoderConfig
from sinopia.recipes.common import early_discriminator, load_size, splits
from sinopia.recipes.pretrained import Pretrained
from sinopia.training.config import OptimizerConfig, ScheduleConfig, TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.objectives.guidance import GuidanceConfig

__all__ = ["scenery", "scenery_128", "street"]


def scenery_128(root: str, pretrained: Pretrained) -> TrainConfig:
    """What `scenery` begins with: landscapes at 128x128."""
    config = _small_run(
        root,
        pretrained,
        name="scenery_128",
        kind="folder",
        model=_small_model(num_classes=8, has_unlabeled=False, size_hw=(128, 128)),
        images=24_000,
        card=_SCENERY_CARD,
    )
    return replace(config, batch_size=8, average_half_life=2_000)


def scenery(root: str, pretrained: Pretrained) -> TrainConfig:
    """Landscapes at 256x256, as the shipped model; begin with scenery_128 (--start-from)."""
    model = _small_model(num_classes=8, has_unlabeled=False, size_hw=(256, 256))
    config = _small_run(
        root,
        pretrained,
        name="scenery",
        kind="folder",
        # one more doubling: the blocks of 128x128 keep their weights, each on a grid twice as fine
        model=replace(model, upsampling="more"),
        images=12_000,
        card=_SCENERY_CARD,
    )
    # the teacher may have been trained beside scenery_128
    config = replace(config, guidance=replace(config.guidance, segmenter_scale=2))
    return _with_noise_and_styles(config)


def street(root: str, pretrained: Pretrained) -> TrainConfig:
    """CamVid at 192x256, as the shipped street model."""
    return _with_noise_and_styles(
        _small_run(
            root,
            pretrained,
            name="street",
            kind="camvid",
            model=_small_model(num_classes=11, has_unlabeled=True, size_hw=(192, 256)),
            images=14_000,
            card=_STREET_CARD,
        )
    )


def _small_model(*, num_classes: int, has_unlabeled: bool, size_hw: tuple[int, int]) -> SpadeConfig:
    """Networks of 11 million weights."""
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


def _small_run(
    root: str,
    pretrained: Pretrained,
    *,
    name: str,
    kind: DatasetKind,
    model: SpadeConfig,
    images: int,
    card: str,
) -> TrainConfig:
    """A run of a small model; a teaching segmenter comes with --set guidance.segmenter=FOLDER."""
    return TrainConfig(
        name=name,
        **splits(kind, root),
        model=model,
        preprocess=PreprocessConfig(load_size=load_size(model.size_hw), size_hw=model.size_hw),
        discriminator=early_discriminator(32),
        objective=GauganObjectiveConfig(augmentations=("color", "translation")),
        guidance=GuidanceConfig(
            perceptual=pretrained.perceptual, perceptual_weight=10.0, segmenter_weight=3.0
        ),
        optimizer=OptimizerConfig(generator_lr=2e-4, discriminator_lr=4e-4),
        schedule=ScheduleConfig(
            report_every=200, preview_every=2_000, measure_every=2_000, save_every=1_000
        ),
        images=images,
        batch_size=4,
        decay_from=0.6,
        average_half_life=1_000,
        num_workers=0,
        card=card,
    )


def _with_noise_and_styles(config: TrainConfig) -> TrainConfig:
    """Noise and blended grids for large areas, and style codes that carry light and colours."""
    encoder = config.model.encoder
    assert encoder is not None
    return replace(
        config,
        model=replace(
            config.model,
            interpolation="bilinear",
            has_noise=True,
            encoder=replace(encoder, has_colors=True),
        ),
        guidance=replace(config.guidance, color_weight=60.0, kl_weight=0.002),
        optimizer=replace(config.optimizer, generator_lr=3e-4),
        standard_styles=True,
    )


_STREET_CARD = """\
Paints street scenes, seen from a car, from maps of the eleven classes of CamVid: sky, building,
pole, road, pavement, tree, sign, fence, car, pedestrian, bicyclist.

Trained on the 367 frames of CamVid's training part (Brostow, Fauqueur, Cipolla 2009; labels as in
Badrinarayanan et al. 2017), 480x360, scaled to 256x192, for **research**. The frames come from a
few drives through one town, at two times of day. Trained on one CPU core.

It is bad at: people, cyclists and signs (small and few), house fronts, maps that are not seen from
a road, and any town but this one.
"""


_SCENERY_CARD = """\
Paints landscapes from maps of eight classes: sky, tree, grass, water, mountain, ground, building,
object.

Trained on landscape photos collected from Flickr, 256x256, for **non-commercial
research**; the label maps of these photos were predicted by a network, so sand, desert and wet rock
are often called something else, and edges are soft. Trained on two CPU cores.

It is bad at: buildings and single objects (few pictures, crude labels), reflections, and rock,
which repeats its strokes. Unlabeled pixels belong to no class that it knows.
"""
