"""The device that a user names."""

from __future__ import annotations

import torch

from sinopia.errors import RequestError

__all__ = ["find_device"]


def find_device(name: str) -> torch.device:
    """The device of a name such as "cpu" or "cuda".

    Raises:
        RequestError: when there is no such device on this machine.
    """
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise RequestError(
            f"device {name!r}: torch finds no CUDA device on this machine; use 'cpu'."
        )
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, NotImplementedError, AssertionError):
        raise RequestError(
            f"device {name!r}: torch knows no such device here; use 'cpu' or 'cuda'."
        ) from None
    if device.type not in ("cpu", "cuda"):
        raise RequestError(f"device {name!r}: sinopia paints on 'cpu' and 'cuda'.")
    return device
