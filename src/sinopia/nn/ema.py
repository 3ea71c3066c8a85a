"""Exponential moving average of a generator's weights, with its length told in images.

A ramp-up as in Karras et al. 2020 ("Training Generative Adversarial Networks with Limited Data")
keeps the average short while few images were seen.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

__all__ = ["ExponentialMovingAverage", "average_decay"]

_AVERAGED_BUFFERS = ("running_mean", "running_var")


def average_decay(
    *, images_seen: int, batch_size: int, half_life: float, rampup: float | None
) -> float:
    """Weight of the old average: 0.5 ** (batch_size / min(half_life, images_seen * rampup)).

    Without images seen it is 0: the average is then the model itself. `rampup` None leaves the
    half-life fixed.
    """
    images = half_life if rampup is None else min(half_life, images_seen * rampup)
    return 0.5 ** (batch_size / images) if images > 0 else 0.0


class ExponentialMovingAverage:
    """A frozen copy of a model, in evaluation mode, that follows it at a distance.

    `half_life` is the number of images after which an old weight counts half; a fixed decay d a
    step with batches of b images is half_life = b * log(0.5) / log(d) and rampup None.

    Parameters and running statistics of normalisation are averaged. All other buffers (counters,
    the vectors of spectral normalisation, which belong to the latest weights' power iteration) are
    copied.
    """

    def __init__(self, model: nn.Module, *, half_life: float, rampup: float | None = 0.05) -> None:
        if half_life < 0 or (rampup is not None and rampup < 0):
            raise ValueError(f"expected half_life and rampup >= 0, got {half_life} and {rampup}.")
        self.half_life = half_life
        self.rampup = rampup
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, model: nn.Module, *, images_seen: int, batch_size: int) -> None:
        """Move the average towards `model`, which must be built like the one it was made from."""
        decay = average_decay(
            images_seen=images_seen,
            batch_size=batch_size,
            half_life=self.half_life,
            rampup=self.rampup,
        )
        for average, current in zip(self.model.parameters(), model.parameters(), strict=True):
            average.lerp_(current.to(average.dtype), 1 - decay)
        for (name, average), current in zip(
            self.model.named_buffers(), model.buffers(), strict=True
        ):
            if name.rpartition(".")[2] in _AVERAGED_BUFFERS:
                average.lerp_(current.to(average.dtype), 1 - decay)
            else:
                average.copy_(current)
