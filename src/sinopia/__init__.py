"""sinopia: first the structure, then the picture.

`load` gives a model that paints label maps; the other names are the language that maps, pictures
and data sets are described in. Importing this package does not import torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sinopia.errors import SinopiaError
from sinopia.scene import (
    UNLABELED,
    LabelMap,
    Layout,
    Scene,
    SemanticClass,
    Vocabulary,
    read_image,
    write_image,
)

if TYPE_CHECKING:
    from sinopia.inference.synthesizer import Synthesizer
    from sinopia.nn.precision import PrecisionChoice

__all__ = [
    "UNLABELED",
    "LabelMap",
    "Layout",
    "Scene",
    "SemanticClass",
    "SinopiaError",
    "Vocabulary",
    "__version__",
    "load",
    "read_image",
    "write_image",
]

__version__: str


def load(
    name_or_path: str | Path, *, device: str = "cpu", precision: PrecisionChoice = "fp32"
) -> Synthesizer:
    """Load a model by its name or folder, ready to paint label maps.

    `precision` is "fp32", "bf16", or "auto" for what a short probe finds faster on this machine.
    The default gives the same bytes whatever the processor can do best.

    Raises:
        ModelError: when there is no such model, or its folder is damaged.
        RequestError: when this machine does not have the device.
    """
    from sinopia.inference.synthesizer import load_synthesizer  # imports torch

    return load_synthesizer(name_or_path, device=device, precision=precision)


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("sinopia")
    raise AttributeError(f"module 'sinopia' has no attribute {name!r}")
