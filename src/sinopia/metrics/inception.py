"""The Inception network of FID: Szegedy et al. 2015 as TensorFlow's release of 2015-12-05 has it.

The weights are those of the file pt_inception-2015-12-05-6726825d.pth, which FID libraries for
PyTorch share; its name ends with the first digits of its SHA-256. Against torchvision's Inception
v3, average pools do not count their padding, the last block pools by maximum, and the head has
1008 classes.

What enters the network decides the number as much as the weights do:

legacy   bilinear without antialiasing, corners aligned at the origin, as TensorFlow 1 resized
         (half_pixel_centers=False); published numbers were made so.
clean    antialiased bicubic of Pillow in float32, clipped to 0..255 (Parmar et al. 2022).

Pixels 0..255 become (x - 128) / 128, as in TensorFlow's graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from sinopia.files import file_sha256
from sinopia.nn.features import freeze, load_weights, read_weights
from sinopia.scene.image import ImageArray

__all__ = [
    "FEATURE_DIM",
    "INPUT_SIZE",
    "PUBLISHED_SHA256",
    "FidInception",
    "InceptionExtractor",
    "InceptionResize",
    "resize_clean",
    "resize_legacy",
]

FEATURE_DIM = 2048
INPUT_SIZE = 299
PUBLISHED_SHA256 = "6726825d"
"""First digits of the SHA-256 of the published file: as many as its name gives."""

InceptionResize = Literal["legacy", "clean"]

_RESIZES: dict[InceptionResize, str] = {
    "legacy": "legacy: TensorFlow 1 bilinear to 299x299, no antialias, half_pixel_centers=False",
    "clean": "clean: Pillow bicubic to 299x299, antialiased, float32",
}
_CLASSES = 1008


class _ConvNorm(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int] = 1,
        *,
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding=padding, bias=False
        )
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


def _row(in_channels: int, out_channels: int) -> _ConvNorm:
    return _ConvNorm(in_channels, out_channels, (1, 7), padding=(0, 3))


def _column(in_channels: int, out_channels: int) -> _ConvNorm:
    return _ConvNorm(in_channels, out_channels, (7, 1), padding=(3, 0))


def _average(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


class _BlockA(nn.Module):
    """35x35 grid: 1x1, 5x5, double 3x3, pool."""

    def __init__(self, in_channels: int, *, pool_channels: int) -> None:
        super().__init__()
        self.branch1x1 = _ConvNorm(in_channels, 64)
        self.branch5x5_1 = _ConvNorm(in_channels, 48)
        self.branch5x5_2 = _ConvNorm(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = _ConvNorm(in_channels, 64)
        self.branch3x3dbl_2 = _ConvNorm(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _ConvNorm(96, 96, 3, padding=1)
        self.branch_pool = _ConvNorm(in_channels, pool_channels)

    def forward(self, x: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        parts = [self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)), double]
        return torch.cat([*parts, self.branch_pool(_average(x))], dim=1)


class _BlockB(nn.Module):
    """35x35 to 17x17."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3 = _ConvNorm(in_channels, 384, 3, stride=2)
        self.branch3x3dbl_1 = _ConvNorm(in_channels, 64)
        self.branch3x3dbl_2 = _ConvNorm(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _ConvNorm(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, F.max_pool2d(x, 3, stride=2)], dim=1)


class _BlockC(nn.Module):
    """17x17 grid: 7x7 as rows and columns."""

    def __init__(self, in_channels: int, *, middle_channels: int) -> None:
        super().__init__()
        middle = middle_channels
        self.branch1x1 = _ConvNorm(in_channels, 192)
        self.branch7x7_1 = _ConvNorm(in_channels, middle)
        self.branch7x7_2 = _row(middle, middle)
        self.branch7x7_3 = _column(middle, 192)
        self.branch7x7dbl_1 = _ConvNorm(in_channels, middle)
        self.branch7x7dbl_2 = _column(middle, middle)
        self.branch7x7dbl_3 = _row(middle, middle)
        self.branch7x7dbl_4 = _column(middle, middle)
        self.branch7x7dbl_5 = _row(middle, 192)
        self.branch_pool = _ConvNorm(in_channels, 192)

    def forward(self, x: Tensor) -> Tensor:
        single = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return torch.cat([self.branch1x1(x), single, double, self.branch_pool(_average(x))], dim=1)


class _BlockD(nn.Module):
    """17x17 to 8x8."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3_1 = _ConvNorm(in_channels, 192)
        self.branch3x3_2 = _ConvNorm(192, 320, 3, stride=2)
        self.branch7x7x3_1 = _ConvNorm(in_channels, 192)
        self.branch7x7x3_2 = _row(192, 192)
        self.branch7x7x3_3 = _column(192, 192)
        self.branch7x7x3_4 = _ConvNorm(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        long = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        parts = [self.branch3x3_2(self.branch3x3_1(x)), self.branch7x7x3_4(long)]
        return torch.cat([*parts, F.max_pool2d(x, 3, stride=2)], dim=1)


class _BlockE(nn.Module):
    """8x8 grid: 3x3 split into a row and a column; the last one pools by maximum."""

    def __init__(self, in_channels: int, *, pools_by_maximum: bool) -> None:
        super().__init__()
        self.branch1x1 = _ConvNorm(in_channels, 320)
        self.branch3x3_1 = _ConvNorm(in_channels, 384)
        self.branch3x3_2a = _ConvNorm(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3_2b = _ConvNorm(384, 384, (3, 1), padding=(1, 0))
        self.branch3x3dbl_1 = _ConvNorm(in_channels, 448)
        self.branch3x3dbl_2 = _ConvNorm(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = _ConvNorm(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = _ConvNorm(384, 384, (3, 1), padding=(1, 0))
        self.branch_pool = _ConvNorm(in_channels, 192)
        self.pools_by_maximum = pools_by_maximum

    def forward(self, x: Tensor) -> Tensor:
        single = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pooled = F.max_pool2d(x, 3, stride=1, padding=1) if self.pools_by_maximum else _average(x)
        parts = [
            self.branch1x1(x),
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
            self.branch_pool(pooled),
        ]
        return torch.cat(parts, dim=1)


class FidInception(nn.Module):
    """Features (B, 2048) of the last pool, of images (B, 3, 299, 299), values (x - 128) / 128.

    The head `fc` is not used; it is here because the published file holds it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _ConvNorm(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = _ConvNorm(32, 32, 3)
        self.Conv2d_2b_3x3 = _ConvNorm(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = _ConvNorm(64, 80)
        self.Conv2d_4a_3x3 = _ConvNorm(80, 192, 3)
        self.Mixed_5b = _BlockA(192, pool_channels=32)
        self.Mixed_5c = _BlockA(256, pool_channels=64)
        self.Mixed_5d = _BlockA(288, pool_channels=64)
        self.Mixed_6a = _BlockB(288)
        self.Mixed_6b = _BlockC(768, middle_channels=128)
        self.Mixed_6c = _BlockC(768, middle_channels=160)
        self.Mixed_6d = _BlockC(768, middle_channels=160)
        self.Mixed_6e = _BlockC(768, middle_channels=192)
        self.Mixed_7a = _BlockD(768)
        self.Mixed_7b = _BlockE(1280, pools_by_maximum=False)
        self.Mixed_7c = _BlockE(2048, pools_by_maximum=True)
        self.fc = nn.Linear(FEATURE_DIM, _CLASSES)
        freeze(self)

    @classmethod
    def from_file(cls, path: str | Path) -> FidInception:
        """Read pt_inception-2015-12-05-6726825d.pth, or a .safetensors file with the same names.

        Raises:
            ModelError: when the file is missing or damaged, or its names or shapes differ.
        """
        network = cls()
        tensors = read_weights(path)
        # counters of training steps: older files have none, and nothing here reads them
        for name, tensor in network.state_dict().items():
            if name.endswith(".num_batches_tracked"):
                tensors.setdefault(name, tensor)
        load_weights(network, tensors, path=path, network="the Inception network of FID")
        return network

    def forward(self, images: Tensor) -> Tensor:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(images)))
        x = F.max_pool2d(x, 3, stride=2)
        x = F.max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)), 3, stride=2)
        for name, block in self.named_children():
            if name.startswith("Mixed_"):
                x = block(x)
        return x.mean(dim=(2, 3))


def resize_legacy(images: Sequence[ImageArray], size: int = INPUT_SIZE) -> Tensor:
    """Pictures (H, W, 3) uint8 of one size as (B, 3, size, size) float32 in 0..255, TensorFlow 1.

    Position i reads source position i * H / size, between the two nearest pixels.
    """
    x = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(torch.float32)
    return _sample(_sample(x, size, dim=2), size, dim=3)


def _sample(x: Tensor, size: int, *, dim: int) -> Tensor:
    length = x.shape[dim]
    positions = torch.arange(size, dtype=torch.float32) * (length / size)
    lower = positions.floor().to(torch.int64)
    upper = (lower + 1).clamp(max=length - 1)
    shape = [1, 1, 1, 1]
    shape[dim] = size
    share = (positions - lower).view(shape)
    below, above = x.index_select(dim, lower), x.index_select(dim, upper)
    return below + (above - below) * share


def resize_clean(images: Sequence[ImageArray], size: int = INPUT_SIZE) -> Tensor:
    """Pictures (H, W, 3) uint8 as (B, 3, size, size) float32 in 0..255, antialiased bicubic.

    Channels are resized in float32, so that nothing is rounded to bytes on the way.
    """
    return torch.from_numpy(np.stack([_clean(image, size) for image in images]))


def _clean(image: ImageArray, size: int) -> NDArray[np.float32]:
    planes = [
        Image.fromarray(image[..., channel].astype(np.float32)).resize(
            (size, size), Image.Resampling.BICUBIC
        )
        for channel in range(3)
    ]
    return np.stack([np.asarray(plane) for plane in planes]).clip(0.0, 255.0)


class InceptionExtractor:
    """Features of FID and KID, with one of the two resizes, which their names tell."""

    network = (
        "FID Inception (TensorFlow 2015-12-05), last pool, 2048 numbers, input (x - 128) / 128"
    )

    def __init__(
        self, inception: FidInception, *, resize: InceptionResize, weights_sha256: str
    ) -> None:
        self.inception = inception
        self.weights_sha256 = weights_sha256
        self.frechet_name = f"fid_{resize}"
        self.kernel_name = f"kid_{resize}"
        self.resize = _RESIZES[resize]
        self._resize = resize_legacy if resize == "legacy" else resize_clean

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        resize: InceptionResize,
        device: torch.device | str = "cpu",
    ) -> InceptionExtractor:
        """Read the published file, or one with the same names and shapes; see `warnings`.

        Raises:
            ModelError: when the file is missing or damaged, or its names or shapes differ.
        """
        inception = FidInception.from_file(path)
        inception.to(device)
        return cls(inception, resize=resize, weights_sha256=file_sha256(path))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said when the weights are not the published file, byte for byte."""
        if self.weights_sha256.startswith(PUBLISHED_SHA256):
            return ()
        return (
            f"the weight file has SHA-256 {self.weights_sha256[:8]}..., the published one "
            f"{PUBLISHED_SHA256}...: unless it holds the same weights in another format, this "
            f"number is no FID or KID.",
        )

    def with_resize(self, resize: InceptionResize) -> InceptionExtractor:
        """The same network behind another resize."""
        return InceptionExtractor(self.inception, resize=resize, weights_sha256=self.weights_sha256)

    @torch.inference_mode()
    def __call__(self, images: Sequence[ImageArray], /) -> NDArray[np.float32]:
        device = self.inception.fc.weight.device
        return self.inception((self._resize(images).to(device) - 128.0) / 128.0).cpu().numpy()
