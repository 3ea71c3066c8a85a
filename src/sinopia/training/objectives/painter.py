"""The generator's side of label-to-image objectives: fakes, previews and measurements."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sinopia.errors import DatasetError
from sinopia.models.spade import SpadeEncoder, SpadeGenerator, draw_noise, sample_style
from sinopia.nn.precision import Precision, autocast
from sinopia.nn.spade import LabelCondition
from sinopia.scene.batch import SceneBatch
from sinopia.seeding import derive_seed
from sinopia.training.objectives.guidance import Guidance
from sinopia.training.processes import bare

__all__ = ["SpadePainter", "Synthesis", "photos_of"]

_PREVIEW_STYLES = 2


@dataclass(frozen=True, eq=False)
class Synthesis:
    """Fake pictures and what they were made from."""

    fake_images: Tensor
    """(B, 3, H, W) float32 in [-1, 1]."""
    condition: LabelCondition
    mean: Tensor | None
    """(B, style_dim), of the style code; None without an encoder."""
    log_variance: Tensor | None


class SpadePainter:
    """A SPADE generator in training, and its encoder if it has one."""

    def __init__(self, generator: SpadeGenerator, encoder: SpadeEncoder | None) -> None:
        self._model = generator.config
        self._generator: nn.Module = generator
        self._encoder: nn.Module | None = encoder

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The generator and the encoder, if there is one."""
        networks = {"generator": self._generator}
        return networks if self._encoder is None else {**networks, "encoder": self._encoder}

    def wrap(self, networks: dict[str, nn.Module]) -> None:
        """Use networks wrapped for several processes in place of the bare ones of these names."""
        self._generator = networks["generator"]
        self._encoder = networks.get("encoder")

    def synthesize(self, batch: SceneBatch, draws: torch.Generator) -> Synthesis:
        """Fake pictures in the style of the batch's photos, or in a random or no style."""
        condition = self._condition(batch)
        mean, log_variance, style = None, None, None
        if self._model.style_dim is not None:
            noise = torch.randn(len(batch), self._model.style_dim, generator=draws)
            style = noise.to(batch.label_ids.device)
            if self._encoder is not None:
                mean, log_variance = self._encoder(photos_of(batch))
                mean, log_variance = mean.float(), log_variance.float()
                style = sample_style(mean, log_variance, style)
        noise = draw_noise(self._model, batch.size_hw, batch_size=len(batch), generator=draws)
        noise = [each.to(batch.label_ids.device) for each in noise]
        fake_images = self._generator(condition, style, noise)
        return Synthesis(fake_images.float(), condition, mean, log_variance)

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
            return generator(self._condition(batch), style).float()

    @torch.no_grad()
    def measure(
        self,
        generator: nn.Module,
        batch: SceneBatch,
        *,
        guidance: Guidance,
        seed: int,
        precision: Precision,
    ) -> dict[str, float]:
        """Mean absolute difference to the photos, in [0, 2], and what the guidance measures.

        With an encoder the pictures take their photo's style, so that the distance is one of
        content.
        """
        real_images = photos_of(batch)
        device = real_images.device
        with autocast(precision, device):
            if self._encoder is not None:
                encoder = bare(self._encoder)
                encoder.eval()
                style = encoder(real_images)[0].float()
                encoder.train()
                fake_images = generator(self._condition(batch), style).float()
            else:
                fake_images = self._random_pictures(
                    generator, batch, seed=seed, precision=precision
                )
            distances = {"validation/l1": float((fake_images - real_images).abs().mean())}
            return distances | guidance.distances(fake_images, real_images, batch.label_ids)

    def _condition(self, batch: SceneBatch) -> LabelCondition:
        if self._model.has_instance_edges and batch.instance_edges is None:
            raise DatasetError(
                "the model is to be trained with instance edges, but the data set has no instance "
                "maps. Set model.has_instance_edges=false, or add an instances folder."
            )
        return self._model.condition(batch.label_ids, batch.instance_edges)


def photos_of(batch: SceneBatch) -> Tensor:
    """The photos (B, 3, H, W) of a batch.

    Raises:
        DatasetError: when the data set has none.
    """
    if batch.images is None:
        raise DatasetError("training needs pictures; the data set has label maps only.")
    return batch.images
