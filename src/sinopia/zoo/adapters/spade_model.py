"""Official SPADE files as a model that can be saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from torch import nn

from sinopia.errors import ModelError
from sinopia.files import file_sha256
from sinopia.models.spade import SpadeConfig, SpadeEncoder, SpadeGenerator, Upsampling
from sinopia.scene.vocabulary import Vocabulary
from sinopia.zoo.adapters.foreign import State, read_foreign
from sinopia.zoo.adapters.map_channels import LabelOrder
from sinopia.zoo.adapters.spade import import_encoder, import_generator
from sinopia.zoo.checkpoint import Model

__all__ = ["ImportedModel", "import_model"]

T = TypeVar("T")

_LICENCE = (
    "that of the imported file; the weights that NVIDIA published are CC BY-NC-SA 4.0, "
    "not for commercial use"
)


class ImportedModel(NamedTuple):
    """A model made of foreign files, its card, and what was assumed on the way."""

    model: Model
    card: str
    notes: tuple[str, ...]


def import_model(
    generator_path: str | Path,
    *,
    vocabulary: Vocabulary,
    encoder_path: str | Path | None = None,
    upsampling: Upsampling | None = None,
    size_hw: tuple[int, int] | None = None,
    has_unlabeled: bool | None = None,
    has_edges: bool | None = None,
    label_order: LabelOrder | None = None,
) -> ImportedModel:
    """Read an official generator, and its encoder if there is one; see `import_generator`.

    Raises:
        ModelError: when a file cannot be read, holds another network, or the two do not fit.
    """
    generator = _of_file(
        generator_path,
        lambda state: import_generator(
            state,
            vocabulary=vocabulary,
            upsampling=upsampling,
            size_hw=size_hw,
            has_unlabeled=has_unlabeled,
            has_edges=has_edges,
            label_order=label_order,
        ),
    )
    config, notes = generator.config, list(generator.notes)
    sources = [Path(generator_path)]
    networks: dict[str, nn.Module] = {}
    if encoder_path is not None:
        encoder = _of_file(encoder_path, import_encoder)
        if config.style_dim != encoder.style_dim:
            takes = f"takes {config.style_dim} numbers" if config.style_dim else "has no style code"
            raise ModelError(
                f"{encoder_path} makes style codes of {encoder.style_dim} numbers, but the "
                f"generator {takes}. Give the encoder that was trained with it, or none."
            )
        config = dataclasses.replace(config, encoder=encoder.config)
        notes += encoder.notes
        sources.append(Path(encoder_path))
        networks["encoder"] = SpadeEncoder(encoder.config, style_dim=encoder.style_dim)
        networks["encoder"].load_state_dict(encoder.state)
    elif config.style_dim is not None:
        notes.append("no encoder was given: style codes can be drawn but not taken from a photo.")
    networks["generator"] = SpadeGenerator(config)
    networks["generator"].load_state_dict(generator.state)
    for network in networks.values():
        network.eval().requires_grad_(False)
    facts: dict[str, Any] = {
        "imported_from": [
            {"file": source.name, "sha256": file_sha256(source)} for source in sources
        ],
        "import_notes": notes,
        "licence": _LICENCE,
    }
    model = Model(
        family="spade", config=config, vocabulary=vocabulary, networks=networks, facts=facts
    )
    return ImportedModel(model, _card(model, config, sources), tuple(notes))


def _of_file(path: str | Path, importer: Callable[[State], T]) -> T:
    state = read_foreign(path)
    try:
        return importer(state)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _card(model: Model, config: SpadeConfig, sources: list[Path]) -> str:
    height, width = config.size_hw
    lines = [
        f"# SPADE generator, imported from {sources[0].name}",
        "",
        f"- Vocabulary: {model.vocabulary.name}, {len(model.vocabulary)} classes",
        f"- Pictures: {height}x{width} (height x width)",
        f"- Style: {'by a code' if config.style_dim else 'none, one picture per map'}",
        f"- Licence: {model.facts['licence']}",
        "- Data, images seen and metrics: not recorded in the imported files",
        "",
        "Read from:",
        "",
    ]
    lines += [
        f"- `{source['file']}`, SHA-256 {source['sha256']}"
        for source in model.facts["imported_from"]
    ]
    lines += ["", "Assumed on import:", "", *(f"- {note}" for note in model.facts["import_notes"])]
    return "\n".join(lines) + "\n"
