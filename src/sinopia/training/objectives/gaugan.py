"""The GauGAN objective: adversarial, feature matching and perceptual losses, KL for styles.

Park et al., CVPR 2019, section 3 and appendix A; Wang et al., CVPR 2018, equation 4 (feature
matching).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from sinopia.errors import ConfigError, DatasetError
from sinopia.models.spade import SpadeEncoder, SpadeGenerator, sample_style
from sinopia.nn.augmentation import (
    Augmentation,
    AugmentationDraw,
    augment,
    draw_augmentation,
)
from sinopia.nn.losses.adversarial import (
    AdversarialLoss,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    win_rate,
)
from sinopia.nn.losses.feature_matching import feature_matching_loss
from sinopia.nn.losses.kl import kl_divergence
from sinopia.nn.losses.perceptual import (
    PerceptualLoss,
    squeezenet_lpips,
    squeezenet_perceptual,
    vgg19_perceptual,
)
from sinopia.nn.precision import Precision, autocast
from sinopia.nn.spade import LabelCondition
from sinopia.scene.batch import SceneBatch
from sinopia.seeding import derive_seed

__all__ = [
    "GauganObjective",
    "GauganObjectiveConfig",
    "PerceptualConfig",
    "Synthesis",
    "build_perceptual_loss",
]

_PREVIEW_STYLES = 2


@dataclass(frozen=True)
class PerceptualConfig:
    """The frozen network that judges how alike a picture and its photo are."""

    network: Literal["vgg19", "squeezenet_lpips", "squeezenet"]
    """vgg19: as published. squeezenet: L1 on its features. squeezenet_lpips: LPIPS v0.1 on them."""
    path: str
    """File of the network's weights."""
    linear_path: str | None = None
    """File of LPIPS's linear layers; squeezenet_lpips needs it."""

    def __post_init__(self) -> None:
        if (self.network == "squeezenet_lpips") != (self.linear_path is not None):
            raise ConfigError(
                "objective.perceptual: linear_path goes with network squeezenet_lpips, and only "
                "with it."
            )


@dataclass(frozen=True)
class GauganObjectiveConfig:
    """Losses and their weights; the defaults are the published ones."""

    adversarial: AdversarialLoss = "hinge"
    """hinge, least_squares, original or wasserstein (with gradient penalty)."""
    adversarial_weight: float = 1.0
    """Of the generator's adversarial loss."""
    feature_matching_weight: float = 10.0
    """0 leaves it out."""
    perceptual: PerceptualConfig | None = None
    """Network of the perceptual loss; none leaves it out."""
    perceptual_weight: float = 10.0
    """Of the perceptual loss."""
    kl_weight: float = 0.05
    """Of the KL divergence of style codes, summed over the batch of all processes and parts."""
    gradient_penalty_weight: float = 10.0
    """Only with wasserstein."""
    augmentations: tuple[Augmentation, ...] = field(default=())
    """What the discriminator's inputs go through: color, translation, cutout (Zhao et al. 2020)."""


@dataclass(frozen=True, eq=False)
class Synthesis:
    """Fake pictures and what they were made from."""

    fake_images: Tensor
    """(B, 3, H, W) in [-1, 1]."""
    condition: LabelCondition
    mean: Tensor | None
    """(B, style_dim), of the style code; None without an encoder."""
    log_variance: Tensor | None


def build_perceptual_loss(config: PerceptualConfig) -> PerceptualLoss:
    """Load the frozen network.

    Raises:
        ModelError: when a file is missing or is not that network's.
    """
    if config.network == "vgg19":
        return vgg19_perceptual(config.path)
    if config.network == "squeezenet":
        return squeezenet_perceptual(config.path)
    assert config.linear_path is not None
    return squeezenet_lpips(config.path, config.linear_path)


class GauganObjective:
    """Trains a SPADE generator, and its encoder if any, against a multi-scale discriminator.

    `batch_size` counts the images of a step, over all processes and parts.
    """

    def __init__(
        self,
        config: GauganObjectiveConfig,
        *,
        generator: SpadeGenerator,
        discriminator: nn.Module,
        batch_size: int,
        encoder: SpadeEncoder | None = None,
        perceptual: PerceptualLoss | None = None,
    ) -> None:
        self.config = config
        self._batch_size = batch_size
        self._model = generator.config
        self._generator: nn.Module = generator
        self._discriminator = discriminator
        self._encoder: nn.Module | None = encoder
        self._perceptual = perceptual

    @property
    def generators(self) -> dict[str, nn.Module]:
        """The generator and the encoder, if there is one."""
        networks = {"generator": self._generator}
        return networks if self._encoder is None else {**networks, "encoder": self._encoder}

    @property
    def discriminators(self) -> dict[str, nn.Module]:
        """The discriminator."""
        return {"discriminator": self._discriminator}

    def wrap(self, networks: dict[str, nn.Module]) -> None:
        """Use networks wrapped for several processes in place of the bare ones of these names."""
        self._generator = networks["generator"]
        self._discriminator = networks["discriminator"]
        self._encoder = networks.get("encoder")

    def synthesize(self, batch: SceneBatch, draws: torch.Generator) -> Synthesis:
        """Fake pictures in the style of the batch's photos, or in a random or no style."""
        condition = self.condition(batch)
        mean, log_variance, style = None, None, None
        if self._model.style_dim is not None:
            noise = torch.randn(len(batch), self._model.style_dim, generator=draws)
            style = noise.to(batch.label_ids.device)
            if self._encoder is not None:
                mean, log_variance = self._encoder(_photos(batch))
                mean, log_variance = mean.float(), log_variance.float()
                style = sample_style(mean, log_variance, style)
        return Synthesis(self._generator(condition, style), condition, mean, log_variance)

    def discriminator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Real and fake terms, and how often photos win; one pass over both, fakes first."""
        real_images, fake_images = _photos(batch), synthesis.fake_images.detach().float()
        draw = self._draw(len(batch), draws)
        dense = synthesis.condition.dense_at(batch.size_hw)
        inputs = torch.cat([_stacked(fake_images, dense, draw), _stacked(real_images, dense, draw)])
        logits = [scale[-1].float().chunk(2) for scale in self._discriminator(inputs)]
        real_term, fake_term = discriminator_loss(
            self.config.adversarial, [real for _, real in logits], [fake for fake, _ in logits]
        )
        losses = {
            "loss/D/real": real_term,
            "loss/D/fake": fake_term,
            "health/D/win_rate": win_rate(
                [real.detach() for _, real in logits], [fake.detach() for fake, _ in logits]
            ),
        }
        if self.config.adversarial == "wasserstein":
            penalty = gradient_penalty(
                lambda images: [
                    scale[-1] for scale in self._discriminator(torch.cat([images, dense], dim=1))
                ],
                real_images,
                fake_images,
                generator=draws,
            )
            losses["loss/D/gradient_penalty"] = self.config.gradient_penalty_weight * penalty
        return losses

    def generator_losses(
        self, batch: SceneBatch, synthesis: Synthesis, draws: torch.Generator
    ) -> dict[str, Tensor]:
        """Adversarial, feature matching, perceptual and KL losses, weighted."""
        config = self.config
        fake_images, real_images = synthesis.fake_images.float(), _photos(batch)
        draw = self._draw(len(batch), draws)
        dense = synthesis.condition.dense_at(batch.size_hw)
        discriminator = _bare(self._discriminator)
        with _frozen(discriminator):
            fake_features = discriminator(_stacked(fake_images, dense, draw))
            fake_logits = [scale[-1].float() for scale in fake_features]
            losses = {
                "loss/G/adversarial": config.adversarial_weight
                * generator_loss(config.adversarial, fake_logits)
            }
            if config.feature_matching_weight > 0:
                with torch.no_grad():
                    real_features = discriminator(_stacked(real_images, dense, draw))
                losses["loss/G/feature_matching"] = (
                    config.feature_matching_weight
                    * feature_matching_loss(real_features, fake_features)
                )
        if self._perceptual is not None:
            losses["loss/G/perceptual"] = config.perceptual_weight * self._perceptual(
                fake_images, real_images
            )
        if synthesis.mean is not None and synthesis.log_variance is not None:
            # The loop averages over processes and parts; this makes it a sum over all images again.
            divergence = kl_divergence(
                synthesis.mean, synthesis.log_variance, reduction="batch_mean"
            )
            losses["loss/G/kl"] = config.kl_weight * self._batch_size * divergence
        return losses

    @torch.no_grad()
    def preview(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> dict[str, Tensor]:
        """Pictures of the batch's maps; where the model has a style, in two random ones."""
        count = 1 if self._model.style_dim is None else _PREVIEW_STYLES
        return {
            f"style {index}": self._random_pictures(
                generator, batch, seed=derive_seed(seed, "preview", index), precision=precision
            )
            for index in range(count)
        }

    def _random_pictures(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> Tensor:
        style = None
        if self._model.style_dim is not None:
            draws = torch.Generator().manual_seed(seed)
            style = torch.randn(len(batch), self._model.style_dim, generator=draws)
            style = style.to(batch.label_ids.device)
        with autocast(precision, batch.label_ids.device):
            return generator(self.condition(batch), style).float()

    @torch.no_grad()
    def measure(
        self, generator: nn.Module, batch: SceneBatch, *, seed: int, precision: Precision
    ) -> dict[str, float]:
        """Mean absolute difference to the photos, in [0, 2], and the perceptual loss, unweighted.

        With an encoder the pictures take their photo's style, so that the distance is one of
        content.
        """
        real_images = _photos(batch)
        device = real_images.device
        with autocast(precision, device):
            if self._encoder is not None:
                encoder = _bare(self._encoder)
                encoder.eval()
                style = encoder(real_images)[0].float()
                encoder.train()
                fake_images = generator(self.condition(batch), style).float()
            else:
                fake_images = self._random_pictures(
                    generator, batch, seed=seed, precision=precision
                )
            distances = {"validation/l1": float((fake_images - real_images).abs().mean())}
            if self._perceptual is not None:
                distances["validation/perceptual"] = float(
                    self._perceptual(fake_images, real_images)
                )
        return distances

    def condition(self, batch: SceneBatch) -> LabelCondition:
        if self._model.has_instance_edges and batch.instance_edges is None:
            raise DatasetError(
                "the model is to be trained with instance edges, but the data set has no instance "
                "maps. Set model.has_instance_edges=false, or add an instances folder."
            )
        return self._model.condition(batch.label_ids, batch.instance_edges)

    def _draw(self, batch_size: int, draws: torch.Generator) -> AugmentationDraw:
        return draw_augmentation(self.config.augmentations, batch_size=batch_size, generator=draws)


def _photos(batch: SceneBatch) -> Tensor:
    if batch.images is None:
        raise DatasetError("training needs pictures; the data set has label maps only.")
    return batch.images


def _stacked(images: Tensor, dense: Tensor, draw: AugmentationDraw) -> Tensor:
    """The discriminator's input (B, S + 3, H, W), the map first."""
    images, dense = augment(images, dense, draw)
    return torch.cat([dense, images], dim=1).contiguous(memory_format=torch.channels_last)


def _bare(network: nn.Module) -> nn.Module:
    """The network inside a DistributedDataParallel wrapper, or the network itself."""
    return network.module if isinstance(network, nn.parallel.DistributedDataParallel) else network


@contextlib.contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Leave the parameters out of the graph: gradients pass through, none are kept."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)
