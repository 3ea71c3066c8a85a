"""Which number format a machine computes convolutions fastest in, found by a short probe."""

from __future__ import annotations

import contextlib
import functools
import time
from typing import Literal

import torch
import torch.nn.functional as F

__all__ = ["Precision", "PrecisionChoice", "autocast", "resolve_precision"]

Precision = Literal["fp32", "bf16"]
PrecisionChoice = Literal["auto", "fp32", "bf16"]

_MIN_GAIN = 1.2
"""bf16 has to be this much faster to be worth its rounding."""


def resolve_precision(choice: PrecisionChoice, device: torch.device) -> Precision:
    """The choice itself, or for "auto" what a probe of some milliseconds finds faster.

    A process probes a device once, with the threads that it then has.
    """
    return _faster_precision(device) if choice == "auto" else choice


@functools.cache
def _faster_precision(device: torch.device) -> Precision:
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    full, half = (_convolution_seconds(dtype, device) for dtype in (torch.float32, torch.bfloat16))
    return "bf16" if full > _MIN_GAIN * half else "fp32"


def autocast(
    precision: Precision, device: torch.device
) -> contextlib.AbstractContextManager[object]:
    """The context in which a network computes in that precision."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


@torch.inference_mode()
def _convolution_seconds(dtype: torch.dtype, device: torch.device) -> float:
    x = torch.zeros(1, 128, 64, 64, dtype=dtype, device=device)
    x = x.to(memory_format=torch.channels_last)
    weight = torch.zeros(128, 128, 3, 3, dtype=dtype, device=device)
    weight = weight.to(memory_format=torch.channels_last)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        F.conv2d(x, weight, padding=1)
        seconds.append(time.perf_counter() - start)
    return min(seconds)
