"""DeepLabV3 and FCN on ResNet-101, as torchvision publishes them, behind the segmenter protocol.

Chen et al. 2017, arXiv:1706.05587; Long et al. 2015, arXiv:1411.4038. The networks are
torchvision's; weights are read from a local file, with tensors only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from sinopia.errors import ConfigError
from sinopia.nn.features import freeze, load_weights, read_weights

__all__ = ["NUM_PUBLISHED_CLASSES", "PublishedNetwork", "PublishedSegmenter"]

PublishedNetwork = Literal["deeplabv3_resnet101", "fcn_resnet101"]

NUM_PUBLISHED_CLASSES = 21
"""Pascal VOC's: 0 is the background."""

_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)
_UNUSED = ("aux_classifier.",)  # a second head that only training uses


class PublishedSegmenter(nn.Module):
    """A network of 21 VOC classes that speaks of the classes of another vocabulary; frozen.

    images: (B, 3, H, W) in [-1, 1]; returns logits (B, K, H, W), K classes of the vocabulary.

    Args:
        source_classes: for each of the K classes the numbers of the network's classes that it
            stands for, in [0, 21); where there are several, the strongest speaks. A class without
            any can never win, and classes of the network that nobody names can neither.

    Raises:
        ConfigError: when no class has a source, a number is out of range or is named twice.
    """

    scale: Tensor
    shift: Tensor

    def __init__(
        self, network: PublishedNetwork, *, source_classes: Sequence[Sequence[int]]
    ) -> None:
        super().__init__()
        named = [number for each in source_classes for number in each]
        if not named:
            raise ConfigError("source_classes: expected at least one class of the network.")
        if len(set(named)) != len(named) or not 0 <= min(named) <= max(named) < (
            NUM_PUBLISHED_CLASSES
        ):
            raise ConfigError(
                f"source_classes: expected numbers from 0 to {NUM_PUBLISHED_CLASSES - 1}, each "
                f"once, got {named}."
            )
        self.source_classes = tuple(tuple(each) for each in source_classes)
        self.network = _build(network)
        scale = [0.5 / deviation for deviation in _IMAGENET_STD]
        shift = [
            (0.5 - mean) / std for mean, std in zip(_IMAGENET_MEAN, _IMAGENET_STD, strict=True)
        ]
        self.register_buffer("scale", torch.tensor(scale).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("shift", torch.tensor(shift).view(1, 3, 1, 1), persistent=False)
        freeze(self)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        network: PublishedNetwork,
        source_classes: Sequence[Sequence[int]],
    ) -> PublishedSegmenter:
        """Read deeplabv3_resnet101_coco-586e9e4e.pth or fcn_resnet101_coco-7ecb50ca.pth.

        Raises:
            ModelError: when the file is missing or damaged, or is not that network's.
            ConfigError: for `source_classes` that cannot be.
        """
        tensors = read_weights(path)
        segmenter = cls(network, source_classes=source_classes)
        load_weights(segmenter.network, tensors, path=path, network=network, unused=_UNUSED)
        return segmenter

    def forward(self, images: Tensor) -> Tensor:
        logits = self.network(images * self.scale + self.shift)["out"]
        never = logits.new_full((), float("-inf")).expand_as(logits[:, 0])
        return torch.stack(
            [logits[:, list(each)].amax(dim=1) if each else never for each in self.source_classes],
            dim=1,
        )


def _build(network: PublishedNetwork) -> nn.Module:
    from torchvision.models import segmentation  # slow to import, and needed for these alone

    builders = {
        "deeplabv3_resnet101": segmentation.deeplabv3_resnet101,
        "fcn_resnet101": segmentation.fcn_resnet101,
    }
    return builders[network](
        weights=None, weights_backbone=None, aux_loss=False, num_classes=NUM_PUBLISHED_CLASSES
    )
