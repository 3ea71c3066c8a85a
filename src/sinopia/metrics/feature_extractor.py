"""Networks that turn pictures into the feature vectors that distances between sets compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sinopia.errors import ModelError
from sinopia.files import file_sha256
from sinopia.nn.features import SqueezeNetFeatures
from sinopia.scene.batch import images_to_tensor
from sinopia.scene.image import ImageArray

__all__ = [
    "FeatureExtractor",
    "SqueezeNetExtractor",
]


class FeatureExtractor(Protocol):
    """Pictures to feature vectors, with everything that a result has to say of it."""

    @property
    def frechet_name(self) -> str:
        """Name of the Frechet distance on these features; only Inception's begins with fid."""
        ...

    @property
    def kernel_name(self) -> str:
        """Name of the kernel distance on these features; only Inception's begins with kid."""
        ...

    @property
    def network(self) -> str:
        """The network and layer, in words."""
        ...

    @property
    def resize(self) -> str:
        """How pictures are brought to the network's size."""
        ...

    @property
    def weights_sha256(self) -> str:
        """Of the weight file."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be read with every number made on these features."""
        ...

    def __call__(self, images: Sequence[ImageArray], /) -> NDArray[np.float32]:
        """Feature vectors (B, D) of pictures (H, W, 3) uint8 of one size."""
        ...


_SCALE = 0.1
"""Of the features: those of photos then have about unit magnitude, as the kernel's 1 + x y expects
(Inception's are near it by themselves). It scales every Frechet distance by 1/100."""


class SqueezeNetExtractor:
    """SqueezeNet 1.0 (Iandola et al. 2016): features of its last fire module, averaged over pixels.

    Vectors have 512 numbers. Pictures enter at their own size, 32 pixels or more. The distances are
    this network's own: they order models, but cannot be compared with any published number.
    """

    frechet_name = "squeezenet1_0_frechet"
    kernel_name = "squeezenet1_0_kernel"
    network = "SqueezeNet 1.0, ImageNet, fire9 averaged over pixels, over 10, 512 numbers"
    resize = "none: pictures enter at the protocol's size"
    warnings: tuple[str, ...] = ()

    def __init__(self, features: SqueezeNetFeatures, *, weights_sha256: str) -> None:
        self.features = features
        self.weights_sha256 = weights_sha256

    @classmethod
    def from_file(
        cls, path: str | Path, *, device: torch.device | str = "cpu"
    ) -> SqueezeNetExtractor:
        """Read the weights of SqueezeNet 1.0, in either layout of `SqueezeNetFeatures`.

        Raises:
            ModelError: when the file is missing or damaged, or is not SqueezeNet 1.0's.
        """
        features = SqueezeNetFeatures.from_file(path)
        if features.version != "1.0":
            raise ModelError(
                f"{path} holds SqueezeNet {features.version}; the judge is SqueezeNet 1.0, since "
                f"1.1 may have taught the model. Give the file of 1.0."
            )
        features.to(device)
        return cls(features, weights_sha256=file_sha256(path))

    @torch.inference_mode()
    def __call__(self, images: Sequence[ImageArray], /) -> NDArray[np.float32]:
        return (self.taps(images)[-1].mean(dim=(2, 3)) * _SCALE).cpu().numpy()

    @torch.inference_mode()
    def taps(self, images: Sequence[ImageArray]) -> list[Tensor]:
        """The seven feature maps, for distances between two pictures."""
        return self.features(images_to_tensor(images).to(self.features.conv1.weight.device))
