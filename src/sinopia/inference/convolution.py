"""Convolutions of pictures that lie channels-last in memory, with weights laid out in advance."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["PACKED_CONVOLUTION", "Convolution"]

PACKED_CONVOLUTION = torch.ops.mkldnn._convolution_pointwise
"""What runs a convolution whose weight is packed."""


class Convolution:
    """A convolution that keeps the size, of activations (B, H, W, C).

    On a CPU its weight is kept in the layout that oneDNN computes with. torch would bring it into
    that layout anew at each call, which takes longer than the convolution on the coarse grids.

    Args:
        layer: its weight is copied, in `dtype`.
        size_hw: of the activations for which the layout is chosen; others work too.
    """

    def __init__(self, layer: nn.Module, *, dtype: torch.dtype, size_hw: tuple[int, int]) -> None:
        assert isinstance(layer, nn.Conv2d), "the layers of a generator are convolutions"
        weight = layer.weight.detach().to(dtype)
        self._bias = None if layer.bias is None else layer.bias.detach().to(dtype)
        self._padding = layer.kernel_size[0] // 2
        self._is_packed = _can_pack(weight)
        if self._is_packed:
            self._weight = torch.ops.aten.mkldnn_reorder_conv2d_weight(
                weight.to_mkldnn(),
                [self._padding] * 2,
                [1, 1],
                [1, 1],
                1,
                [1, weight.shape[1], *size_hw],
            )
        else:
            self._weight = weight.contiguous(memory_format=torch.channels_last)

    def __call__(self, x: Tensor) -> Tensor:
        """(B, H, W, C_in) to (B, H, W, C_out)."""
        x = x.permute(0, 3, 1, 2)
        if self._is_packed:
            padding = [self._padding] * 2
            y = PACKED_CONVOLUTION(
                x, self._weight, self._bias, padding, [1, 1], [1, 1], 1, "none", [], ""
            )
        else:
            y = F.conv2d(x, self._weight, self._bias, padding=self._padding)
        return y.permute(0, 2, 3, 1)


def _can_pack(weight: Tensor) -> bool:
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    return weight.dtype == torch.float32 or torch.ops.mkldnn._is_mkldnn_bf16_supported()
