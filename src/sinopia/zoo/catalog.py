"""Where models and weight files are found, and which files `sinopia models pull` can fetch.

Models come with the package, or lie in the models folder of sinopia's home. Weight files of frozen
networks lie in its weights folder. The home is SINOPIA_HOME, or where the platform keeps data.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sinopia.errors import ModelError
from sinopia.zoo.manifest import MANIFEST_FILE

__all__ = [
    "WEIGHT_FILES",
    "WeightFile",
    "available_models",
    "find_model",
    "find_weight_file",
    "home_folder",
    "models_folder",
    "weights_folder",
]

_SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True)
class WeightFile:
    """A published file that can be fetched: what it is, where from, and how to know it again."""

    name: str
    """What the user types."""
    description: str
    url: str
    num_bytes: int
    sha256: str
    """The SHA-256 in hexadecimal, or as many of its first digits as the publisher gives."""
    licence: str

    @property
    def file_name(self) -> str:
        """The name under which it is kept: the last part of the url."""
        return self.url.rsplit("/", 1)[-1]


WEIGHT_FILES: Mapping[str, WeightFile] = MappingProxyType(
    {
        "vgg19": WeightFile(
            name="vgg19",
            description="VGG19 trained on ImageNet, by torchvision; for the perceptual loss",
            url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
            num_bytes=574_673_361,
            sha256="dcbb9e9d",
            licence="BSD-3-Clause (torchvision)",
        ),
    }
)


def home_folder() -> Path:
    """Where sinopia keeps what a user adds: SINOPIA_HOME, else the platform's place for data."""
    chosen = os.environ.get("SINOPIA_HOME")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "sinopia"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "sinopia"
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "sinopia"


def models_folder() -> Path:
    """The folder of the user's own model folders; it need not exist."""
    return home_folder() / "models"


def weights_folder() -> Path:
    """The folder of fetched weight files; it need not exist."""
    return home_folder() / "weights"


def available_models() -> dict[str, Path]:
    """Folders of all models that have a name: shipped ones, then the user's own.

    A user's model of a shipped name is left out; it still has its path.
    """
    shipped = shipped_models()
    return shipped | {
        name: path for name, path in _models_in(models_folder()).items() if name not in shipped
    }


def shipped_models() -> dict[str, Path]:
    """Folders of the models that come with sinopia, by name."""
    return _models_in(_SHIPPED)


def find_model(name_or_path: str | Path) -> Path:
    """The folder of a model, by name (shipped or of the user's models folder) or by path.

    Raises:
        ModelError: when there is neither; the message lists the names.
    """
    models = available_models()
    if isinstance(name_or_path, str) and name_or_path in models:
        return models[name_or_path]
    path = Path(name_or_path)
    if path.is_dir():
        return path
    if path.is_file():
        raise ModelError(
            f"{path} is a file; a model is a folder. `sinopia models import spade {path} "
            f"--vocabulary NAME --out DIR` makes one of an official checkpoint."
        )
    names = ", ".join(models) if models else "none"
    raise ModelError(
        f"no model {str(name_or_path)!r}: it is no folder and no known name. Known names: {names}. "
        f"`sinopia models list` shows them."
    )


def find_weight_file(name: str) -> Path | None:
    """Where a file of `WEIGHT_FILES` was pulled to, or None when it was not."""
    path = weights_folder() / WEIGHT_FILES[name].file_name
    return path if path.is_file() else None


def _models_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    found = (each for each in sorted(folder.iterdir()) if (each / MANIFEST_FILE).is_file())
    return {each.name: each for each in found if not each.name.startswith(".")}
