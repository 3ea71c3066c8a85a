"""The generator that is measured: a model's, or one of a given size with random weights."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from sinopia.errors import ModelError
from sinopia.models.spade import SpadeConfig, SpadeGenerator
from sinopia.zoo.checkpoint import load_model

__all__ = ["Subject", "random_generator", "scale_pictures"]

_STYLE_DIM = 256
"""As published for models with a style code."""
_PATCH = 8
"""Side of the patches of one class in the map that random weights are scaled with, in pixels."""
_DEVIATION = 0.25


@dataclass(frozen=True)
class Subject:
    """What is measured; small, so that another process can build it too."""

    name: str
    config: SpadeConfig
    folder: Path | None = None
    """Of a model; without one the weights are random."""

    @classmethod
    def of_model(cls, folder: Path) -> Subject:
        """The generator of a model folder.

        Raises:
            ModelError: when the folder is damaged, or holds no generator that paints label maps.
        """
        return cls(folder.resolve().name, _load_generator(folder).config, folder)

    def build(self, device: torch.device) -> SpadeGenerator:
        """The generator in evaluation mode, spectral norm folded; every time the same."""
        if self.folder is None:
            generator = random_generator(self.config)
        else:
            generator = _load_generator(self.folder)
        return generator.to(device).eval().requires_grad_(False)

    def check_size(self, size_hw: tuple[int, int]) -> None:
        """Raises RequestError, with the nearest size that works, for a size that cannot be made."""
        self.config.check_size(size_hw)

    def with_style(self) -> Subject | None:
        """The same with a style code; a trained model cannot be given one."""
        if self.config.style_dim is not None:
            return self
        if self.folder is not None:
            return None
        config = dataclasses.replace(self.config, style_dim=_STYLE_DIM)
        return Subject(f"{self.name} with style", config)


def _load_generator(folder: Path) -> SpadeGenerator:
    generator = load_model(folder).networks.get("generator")
    if not isinstance(generator, SpadeGenerator):
        raise ModelError(f"model {folder.name!r} does not paint label maps.")
    return generator


def random_generator(config: SpadeConfig, *, seed: int = 0) -> SpadeGenerator:
    """A generator with torch's own first weights, and without spectral norm, on the CPU."""
    config = dataclasses.replace(config, has_spectral_norm=False, encoder=None)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SpadeGenerator(config)


@torch.inference_mode()
def scale_pictures(generator: SpadeGenerator) -> None:
    """Scale the last layer so that on a map of patches the values before tanh have deviation 1/4.

    Random weights make pictures that are almost grey, with errors too small to tell anything; so
    scaled, bf16 errs about as much as in trained models.
    """
    config = generator.config
    device = generator.to_image.weight.device
    height, width = config.size_hw
    draws = torch.Generator().manual_seed(0)
    shape = (1, height // _PATCH, width // _PATCH)
    patches = torch.randint(config.num_classes, shape, generator=draws)
    ids = patches.repeat_interleave(_PATCH, 1).repeat_interleave(_PATCH, 2).to(device)
    edges = None
    if config.has_instance_edges:
        edges = torch.zeros(1, 1, height, width, device=device)
    style = None
    if config.style_dim is not None:
        style = torch.randn(1, config.style_dim, generator=draws).to(device)
    deviations: list[Tensor] = []
    watch = generator.to_image.register_forward_hook(
        lambda _layer, _inputs, output: deviations.append(output.std())
    )
    generator(generator.condition(ids, edges), style)
    watch.remove()
    generator.to_image.weight.mul_(_DEVIATION / deviations[0])
