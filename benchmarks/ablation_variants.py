"""The variants of `ablation.py`: what each changes in another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sinopia.models.oasis import OasisDiscriminatorConfig
from sinopia.models.spade import SpadeDiscriminatorConfig
from sinopia.recipes.common import early_discriminator
from sinopia.recipes.pretrained import Pretrained
from sinopia.training.config import TrainConfig
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.objectives.oasis import OasisObjectiveConfig

__all__ = ["VARIANTS", "Variant", "configure"]

_AUGMENTATIONS = ("color", "translation")

Change = Callable[[TrainConfig, Pretrained, Path], TrainConfig]


@dataclass(frozen=True)
class Variant:
    """One row of the table."""

    name: str
    title: str
    base: str | None = None
    """The variant that it changes; none for the first."""
    change: Change | None = None
    """From the base's run, the pretrained networks and the teacher's folder; None: the same run."""
    has_average: bool = True
    """Whether the averaged weights are measured, or the latest."""


def _augmented(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    return replace(config, objective=GauganObjectiveConfig(augmentations=_AUGMENTATIONS))


def _perceptual(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    if pretrained.perceptual is None:
        raise SystemExit("--weights: no perceptual network in it; see `sinopia train --help`.")
    changed = replace(config.guidance, perceptual=pretrained.perceptual, perceptual_weight=20.0)
    return replace(config, guidance=changed)


def _taught(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    return replace(
        config, guidance=replace(config.guidance, segmenter=str(teacher), segmenter_weight=3.0)
    )


def _unbalanced(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    return replace(config, guidance=replace(config.guidance, class_balance=0.0))


def _r1(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    objective = GauganObjectiveConfig(augmentations=_AUGMENTATIONS, r1_weight=1e-3)
    return replace(config, objective=objective)


def _noise(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    return replace(config, model=replace(config.model, has_noise=True))


def _styled(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    encoder = config.model.encoder
    assert encoder is not None
    return replace(
        config,
        model=replace(config.model, encoder=replace(encoder, has_colors=True)),
        guidance=replace(config.guidance, color_weight=60.0, kl_weight=0.001),
        standard_styles=True,
    )


def _reseeded(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    return replace(config, seed=config.seed + 1)


def _unnormed(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    assert isinstance(config.discriminator, SpadeDiscriminatorConfig)
    return replace(config, discriminator=early_discriminator(config.discriminator.base_channels))


def _bilinear(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    return replace(config, model=replace(config.model, interpolation="bilinear"))


def _oasis(config: TrainConfig, pretrained: Pretrained, teacher: Path) -> TrainConfig:
    return replace(
        config,
        discriminator=OasisDiscriminatorConfig(
            base_channels=32, channel_multipliers=(1, 1, 2, 4, 4)
        ),
        objective=OasisObjectiveConfig(augmentations=_AUGMENTATIONS),
    )


VARIANTS = (
    Variant("published", "published: hinge + feature matching", has_average=False),
    Variant("average", "+ moving average of the weights", "published"),
    Variant(
        "augmentation",
        "+ augmented discriminator (color, translation)",
        "average",
        _augmented,
    ),
    Variant("perceptual", "+ perceptual loss (SqueezeNet 1.1)", "augmentation", _perceptual),
    Variant("segmenter", "+ teaching segmenter", "perceptual", _taught),
    Variant("seed", "taught, other random numbers", "segmenter", _reseeded),
    Variant("unbalanced", "taught, classes not balanced", "segmenter", _unbalanced),
    Variant("r1", "taught, R1 penalty", "segmenter", _r1),
    Variant("unnormed", "taught, discriminator without norm, gain 1", "segmenter", _unnormed),
    Variant("noise", "taught, noise in the generator", "segmenter", _noise),
    Variant("bilinear", "taught, grids doubled bilinearly", "segmenter", _bilinear),
    Variant("noise_bilinear", "taught, noise and bilinear doubling", "noise", _bilinear),
    Variant("style", "taught, styles that carry colors", "segmenter", _styled),
    Variant("oasis", "taught, OASIS in place of hinge + f. m.", "segmenter", _oasis),
)


def configure(
    variant: Variant, published: TrainConfig, pretrained: Pretrained, teacher: Path
) -> TrainConfig:
    """The run of a variant, from the run of the first."""
    if variant.base is None:
        return published
    base = next(each for each in VARIANTS if each.name == variant.base)
    config = configure(base, published, pretrained, teacher)
    return config if variant.change is None else variant.change(config, pretrained, teacher)
