"""Linear layers and convolutions whose weights a CPU keeps in the layout that it computes with.

torch brings the weight of a layer into the layout of oneDNN anew at each call. On coarse grids and
for few rows that takes longer than the layer itself. Here it is done once. On other devices the
weights stay as they are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["PACKED_CONVOLUTION", "PACKED_LINEAR", "PackedConvolution", "PackedLinear"]

PACKED_CONVOLUTION = torch.ops.mkldnn._convolution_pointwise
"""What runs a convolution whose weight is packed."""

PACKED_LINEAR = torch.ops.mkldnn._linear_pointwise
"""What runs a linear layer whose weight is packed."""


class PackedLinear:
    """x @ weight.T + bias.

    Args:
        weight: (D_out, D_in).
        bias: (D_out,) or none.
        num_rows: rows of x for which the layout is chosen; others work too.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, num_rows: int) -> None:
        self._weight, self._bias = weight.contiguous(), bias
        self._is_packed = _can_pack(weight)
        if self._is_packed:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight, num_rows)

    def plain_weight(self) -> Tensor:
        """The weight (D_out, D_in) as it was given; a packed one is brought back, a copy."""
        return self._weight.to_dense() if self._is_packed else self._weight

    def __call__(self, x: Tensor) -> Tensor:
        """(..., D_in) to (..., D_out)."""
        if self._is_packed:
            return PACKED_LINEAR(x, self._weight, self._bias, "none", [], "")
        return F.linear(x, self._weight, self._bias)


class PackedConvolution:
    """A convolution that keeps the size, of activations (B, H, W, C).

    Args:
        layer: its weight is copied, in `dtype`.
        size_hw: of the activations for which the layout is chosen; others work too.
    """

    def __init__(self, layer: nn.Module, *, dtype: torch.dtype, size_hw: tuple[int, int]) -> None:
        assert isinstance(layer, nn.Conv2d), "the layers of a generator are convolutions"
        weight = layer.weight.detach().to(dtype)
        self._bias = None if layer.bias is None else layer.bias.detach().to(dtype)
        self._padding = layer.kernel_size[0] // 2
        self._linear: PackedLinear | None = None
        if layer.kernel_size == (1, 1):
            rows = size_hw[0] * size_hw[1]
            self._linear = PackedLinear(weight[:, :, 0, 0], self._bias, num_rows=rows)
            return
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
        if self._linear is not None:
            return self._linear(x)
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
