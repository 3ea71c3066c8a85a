"""A segmenter that begins with what SqueezeNet learnt from ImageNet.

The encoder is SqueezeNet (Iandola et al. 2016, arXiv:1602.07360), trained on with the rest; the
way back up is the pyramid of `sinopia.models.segmenter`. With a few hundred pairs it reads photos
better than a network that starts from nothing, and costs less. It needs SqueezeNet's weights to
begin its training, and nothing afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from sinopia.errors import ConfigError, ModelError
from sinopia.models.segmenter import FeaturePyramid, resized
from sinopia.nn.features.squeezenet import (
    InputConvention,
    SqueezeNetFeatures,
    SqueezeNetVersion,
)

__all__ = ["SqueezeNetSegmenter", "SqueezeNetSegmenterConfig"]

_CHANNELS = (128, 256, 512, 512)  # of the taps below
_TAPS = (1, 2, 5, 6)  # fire3, fire5, fire8, fire9: the last before each pool, and those around it


@dataclass(frozen=True)
class SqueezeNetSegmenterConfig:
    """Everything that this segmenter is built from; the defaults make 1.0 million parameters."""

    num_classes: int
    """Classes of the vocabulary, without unlabeled."""
    version: SqueezeNetVersion = "1.0"
    """Of SqueezeNet; 1.1 costs a third."""
    convention: InputConvention = "caffe"
    """How the pretrained weights expect their input."""
    pyramid_channels: int = 96
    """Channels of the way back up."""
    kernel_size: int = 5
    """Kernel of the depthwise convolutions there; odd."""
    dropout: float = 0.1
    """Share of channels before the logits that training leaves out."""

    def __post_init__(self) -> None:
        if not 1 <= self.num_classes <= 255 or self.pyramid_channels < 1:
            raise ConfigError(
                f"expected 1 to 255 classes and at least one channel, got {self.num_classes} and "
                f"{self.pyramid_channels}."
            )
        if self.kernel_size % 2 == 0 or self.kernel_size < 1:
            raise ConfigError(f"kernel_size: expected an odd number, got {self.kernel_size}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout: expected a share in [0, 1), got {self.dropout}.")


class SqueezeNetSegmenter(nn.Module):
    """See `Segmenter`; pictures of 32 pixels or more a side."""

    def __init__(self, config: SqueezeNetSegmenterConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = SqueezeNetFeatures(config.version, convention=config.convention)
        self.encoder.requires_grad_(True)
        self.pyramid = FeaturePyramid(
            _CHANNELS,
            num_classes=config.num_classes,
            width=config.pyramid_channels,
            kernel_size=config.kernel_size,
            dropout=config.dropout,
        )

    def forward(self, images: Tensor) -> Tensor:
        # SqueezeNet's first convolution has no padding: without a margin, the grid of its output
        # would not lie on that of the photo
        margin = self.encoder.conv1.kernel_size[0] // 2
        features = self.encoder(F.pad(images, (margin,) * 4, mode="replicate"))
        logits = self.pyramid([features[tap] for tap in _TAPS])
        return resized(logits, images.shape[2:])

    def begin_with(self, pretrained: SqueezeNetFeatures) -> None:
        """Take over the weights of a SqueezeNet.

        Raises:
            ModelError: when it is of another version or expects another input.
        """
        given = (pretrained.version, pretrained.convention)
        if given != (self.config.version, self.config.convention):
            raise ModelError(
                f"the segmenter is built on SqueezeNet {self.config.version} with "
                f"{self.config.convention} input, the file holds {given[0]} with {given[1]} input. "
                f"Set model.version and model.convention, or give the other file."
            )
        self.encoder.load_state_dict(pretrained.state_dict())
