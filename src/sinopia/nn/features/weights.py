"""Weight files of frozen networks: read tensors only, check every key and shape, then load."""

from __future__ import annotations

import contextlib
import pickle
import struct
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from sinopia.errors import ModelError

__all__ = ["freeze", "frozen", "load_weights", "read_weights"]

# what torch.load and the safetensors reader raise for broken files
_READ_ERRORS = (
    SafetensorError,
    pickle.UnpicklingError,
    struct.error,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Named tensors of a .safetensors file, or of a .pth file that holds nothing but tensors.

    Raises:
        ModelError: when the file is missing, damaged, or holds anything but named tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(
            f"expected a file of weights at {path}, but there is none; check the path."
        )
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # the older of the two .pth formats is no zip file and cannot be mapped
        content = torch.load(
            path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )
    except _READ_ERRORS as error:
        if "Unsupported global" in str(error) or "Unsupported class" in str(error):
            raise ModelError(
                f"{path} holds Python objects, which could run code; it was not opened. Expected "
                f"a file of tensors only, such as torch.save(network.state_dict(), path) writes."
            ) from error
        raise ModelError(
            f"{path} cannot be read as weights: expected a .safetensors file, or a .pth file of "
            f"tensors only. It may be cut short: fetch it again. ({type(error).__name__})"
        ) from error
    if not isinstance(content, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in content.items()
    ):
        raise ModelError(
            f"{path} holds a {type(content).__name__}, expected a mapping of names to tensors."
        )
    return dict(content)


def load_weights(
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    path: str | Path,
    network: str,
    unused: Collection[str] = (),
) -> None:
    """Copy tensors into a module whose names they bear, but for names that begin as in `unused`.

    Raises:
        ModelError: for missing or unknown names and for shapes that differ; the message names
            `path` and `network`.
    """
    expected = module.state_dict()
    given = {name: tensor for name, tensor in tensors.items() if not name.startswith(tuple(unused))}
    missing = [name for name in expected if name not in given]
    unknown = [name for name in given if name not in expected]
    if missing or unknown:
        raise ModelError(
            f"{path} does not hold the weights of {network}: "
            f"missing {_some(missing)}; unknown {_some(unknown)}. Give the file of {network}."
        )
    for name, tensor in given.items():
        if tensor.shape != expected[name].shape:
            raise ModelError(
                f"{path}: expected {name} to have shape {tuple(expected[name].shape)}, "
                f"got {tuple(tensor.shape)}. Give the file of {network}."
            )
    module.load_state_dict(given)


def freeze(module: nn.Module) -> None:
    """Put a network in evaluation mode and take its parameters out of training, for good."""
    module.eval().requires_grad_(False)


@contextlib.contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Leave the parameters out of the graph for a while: gradients pass through, none are kept."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)


def _some(names: list[str]) -> str:
    if not names:
        return "nothing"
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
