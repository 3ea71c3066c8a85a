"""A model on disk: a folder that says everything needed to use it.

    model.json            family, config, vocabulary, facts, size and hash of the weights
    weights.safetensors   tensors named NETWORK.PARAMETER
    README.md             the model card
    preview.jpg           a picture, if there is one

The weights are made for use, not for going on with training: spectral norm is folded, W / sigma in
one tensor as evaluation mode computes it. The config in model.json is the one of training and may
say has_spectral_norm; networks are always built without it. Optimizers, discriminators and spectral
vectors live in the run folder.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]
    save_file,  # pyright: ignore[reportUnknownVariableType]
)
from torch import Tensor, nn
from torch.nn.utils import parametrize

from sinopia import config as configs
from sinopia.errors import ConfigError, ModelError
from sinopia.files import atomic_folder, file_sha256
from sinopia.models.spade import SpadeConfig
from sinopia.scene.image import ImageArray, write_image
from sinopia.scene.vocabulary import Vocabulary
from sinopia.zoo.catalog import available_models
from sinopia.zoo.manifest import (
    CARD_FILE,
    FORMAT_VERSION,
    MANIFEST_FILE,
    PREVIEW_FILE,
    WEIGHTS_FILE,
    Manifest,
    WeightsEntry,
    manifest_object,
    manifest_vocabulary,
    read_manifest,
    read_tensor_headers,
    write_manifest,
)
from sinopia.zoo.registry import FamilyConfig, find_family
from sinopia.zoo.styles import NamedStyle, check_styles

__all__ = ["Model", "folded_state", "load_model", "save_model"]

_DTYPES = {torch.float32: "float32", torch.float16: "float16", torch.bfloat16: "bfloat16"}
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Model:
    """Trained networks and what is known of them.

    Raises:
        ModelError: when the vocabulary has not as many classes as the config, or a named style
            does not fit the config.
    """

    family: str
    """A name of `sinopia.zoo.registry.FAMILIES`."""
    config: FamilyConfig
    """The config of training; networks of a loaded model have spectral norm folded nevertheless."""
    vocabulary: Vocabulary
    networks: dict[str, nn.Module]
    """By the names that the family gives them, such as generator and encoder."""
    facts: dict[str, Any]
    """JSON values: images_seen, data, licence, metrics, training pixels of each class ..."""
    styles: tuple[NamedStyle, ...] = ()
    """Styles that can be asked for by name."""

    def __post_init__(self) -> None:
        if len(self.vocabulary) != self.config.num_classes:
            raise ModelError(
                f"the model has {self.config.num_classes} classes, but vocabulary "
                f"{self.vocabulary.name!r} has {len(self.vocabulary)}."
            )
        style_dim = self.config.style_dim if isinstance(self.config, SpadeConfig) else None
        check_styles(self.styles, style_dim, where="the model")


def save_model(
    folder: str | Path,
    model: Model,
    *,
    card: str,
    preview: ImageArray | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write a model folder, whole or not at all, in the place of an older one.

    Parameters are stored in `dtype` (float32, float16 or bfloat16), running statistics as they are.

    Raises:
        ModelError: when the networks are not those of the family and config, the facts are not
            JSON, or the folder exists and holds anything but a model.
        OSError: when the place cannot be written or the disk is full; an older folder stays.
    """
    _refuse_other_folders(Path(folder))
    find_family(model.family).check_limits(model.config)
    try:
        json.dumps(model.facts, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModelError(f"facts: expected JSON values only: {error}.") from None
    expected = _expected_shapes(model.family, model.config)
    tensors = _tensors_of(model.networks, dtype)
    _check_shapes(
        {name: tuple(tensor.shape) for name, tensor in tensors.items()}, expected, where="the model"
    )
    with atomic_folder(folder) as temporary:
        weights = temporary / WEIGHTS_FILE
        try:
            save_file(tensors, weights)
        except SafetensorError as error:  # a full disk, among others
            raise OSError(f"cannot write {Path(folder) / WEIGHTS_FILE}: {error}") from error
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            family=model.family,
            config=configs.to_json(model.config),
            vocabulary=model.vocabulary.to_json(),
            facts=model.facts,
            weights=WeightsEntry(
                num_bytes=weights.stat().st_size, sha256=file_sha256(weights), dtype=_DTYPES[dtype]
            ),
            styles=model.styles,
        )
        write_manifest(temporary, manifest)
        (temporary / CARD_FILE).write_text(card, encoding="utf-8")
        if preview is not None:
            write_image(temporary / PREVIEW_FILE, preview)


def load_model(folder: str | Path, *, device: str | torch.device = "cpu") -> Model:
    """Read a model folder; networks are in evaluation mode, frozen, float32 whatever was stored.

    Raises:
        ModelError: when the folder is no model folder, a file of it is damaged or of a newer
            format, or the weights do not fit the config.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(
            f"no model folder at {folder}. Models with a name: "
            f"{', '.join(available_models()) or 'none'}."
        )
    manifest = read_manifest(folder)
    where = folder / MANIFEST_FILE
    family = find_family(manifest.family)
    try:
        config = configs.from_json(family.config_type, manifest.config, where=f"{where}: config")
        family.check_limits(config)
    except (ConfigError, ModelError) as error:
        text = str(error)
        raise ModelError(text if text.startswith(str(where)) else f"{where}: {text}") from None
    vocabulary = manifest_vocabulary(manifest, folder)
    facts = manifest_object(manifest.facts, f"{where}: facts")

    path = folder / WEIGHTS_FILE
    headers = read_tensor_headers(path)
    networks = _build_on_meta(manifest.family, config)
    _check_shapes(
        {name: header.shape for name, header in headers.items()},
        _shapes_of(networks),
        where=str(path),
    )
    _verify(path, manifest.weights)
    try:
        tensors = load_file(path, device=str(device))
    except SafetensorError as error:
        raise ModelError(f"{path} is damaged: {error}. Copy or download it again.") from None
    for name, network in networks.items():
        prefix = f"{name}."
        state = {
            key.removeprefix(prefix): _as_stored(tensor)
            for key, tensor in tensors.items()
            if key.startswith(prefix)
        }
        network.load_state_dict(state, assign=True)
        network.eval().requires_grad_(False)
    return Model(
        family=manifest.family,
        config=config,
        vocabulary=vocabulary,
        networks=networks,
        facts=facts,
        styles=manifest.styles,
    )


def folded_state(network: nn.Module) -> dict[str, Tensor]:
    """The state of a network with its normalised weights as plain tensors W / sigma.

    These are the weights that evaluation mode uses, under the keys of the network without spectral
    norm. The network itself is left as it is, also when it is training.
    """
    state = dict(network.state_dict())
    for path, module in cast("Iterator[tuple[str, nn.Module]]", network.named_modules()):
        if not parametrize.is_parametrized(module, "weight"):
            continue
        prefix = f"{path}." if path else ""
        for key in [key for key in state if key.startswith(f"{prefix}parametrizations.weight.")]:
            del state[key]
        # In training mode, reading the weight would move the spectral vectors: read a copy's. The
        # parametrization cannot be removed from the copy, which shares its class with the original.
        frozen = copy.deepcopy(module).eval()
        state[f"{prefix}weight"] = cast(Tensor, frozen.weight).detach()
    return state


def _refuse_other_folders(folder: Path) -> None:
    """Saving replaces the folder, so it must hold nothing that is not ours."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ModelError(f"{folder} is no folder of its own; choose another place for the model.")
    entries = sorted(each.name for each in folder.iterdir()) if folder.exists() else []
    ours = (MANIFEST_FILE, WEIGHTS_FILE, CARD_FILE, PREVIEW_FILE)
    others = [name for name in entries if name not in ours]
    if others or (entries and MANIFEST_FILE not in entries):
        raise ModelError(
            f"{folder} exists and holds {(others or entries)[0]!r}, which is no part of a model. "
            f"Saving would replace the folder: choose another place for the model."
        )


def _tensors_of(networks: dict[str, nn.Module], dtype: torch.dtype) -> dict[str, Tensor]:
    if dtype not in _DTYPES:
        raise ModelError(f"weights are stored as {', '.join(_DTYPES.values())}; got {dtype}.")
    tensors: dict[str, Tensor] = {}
    for name, network in networks.items():
        buffers = {key for key, _ in network.named_buffers()}
        for key, tensor in folded_state(network).items():
            stored = tensor if key in buffers else tensor.to(dtype)
            # a copy, because the format holds no two tensors that share memory
            tensors[f"{name}.{key}"] = stored.detach().cpu().contiguous().clone()
    return tensors


def _as_stored(tensor: Tensor) -> Tensor:
    return tensor.to(torch.float32) if tensor.is_floating_point() else tensor


def _build_on_meta(family_name: str, config: FamilyConfig) -> dict[str, nn.Module]:
    family = find_family(family_name)
    with torch.device("meta"):  # no memory and no initialisation: the weights come from the file
        return family.build(family.without_spectral_norm(config))


def _expected_shapes(family_name: str, config: FamilyConfig) -> dict[str, tuple[int, ...]]:
    return _shapes_of(_build_on_meta(family_name, config))


def _shapes_of(networks: dict[str, nn.Module]) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.{key}": tuple(tensor.shape)
        for name, network in networks.items()
        for key, tensor in network.state_dict().items()
    }


def _check_shapes(
    given: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]], *, where: str
) -> None:
    problems = [f"{name} is missing" for name in expected if name not in given]
    problems += [f"{name} is unknown" for name in given if name not in expected]
    problems += [
        f"{name} has shape {list(given[name])}, expected {list(shape)}"
        for name, shape in expected.items()
        if name in given and given[name] != shape
    ]
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ModelError(
            f"{where} does not fit its config: {'; '.join(problems[:_SHOWN])}{more}. Are "
            f"{MANIFEST_FILE} and {WEIGHTS_FILE} of the same model?"
        )


def _verify(path: Path, entry: WeightsEntry) -> None:
    num_bytes = path.stat().st_size
    if num_bytes != entry.num_bytes or file_sha256(path) != entry.sha256:
        raise ModelError(
            f"{path} is damaged: its size or SHA-256 is not the one that {MANIFEST_FILE} gives "
            f"({entry.num_bytes:,} bytes, {entry.sha256[:12]}...). Copy or download the folder "
            f"again."
        )
