"""The models of a studio: known by name from the start, loaded when they first paint."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sinopia import config as configs
from sinopia.errors import ConfigError, LabelError, ModelError, RequestError
from sinopia.inference.device import find_device
from sinopia.inference.request import SynthesisRequest
from sinopia.inference.synthesizer import Synthesizer, load_synthesizer
from sinopia.models.spade import SpadeConfig
from sinopia.nn.precision import PrecisionChoice
from sinopia.scene import LabelMap, Vocabulary
from sinopia.scene.image import ImageArray
from sinopia.scene.vocabulary import UNLABELED
from sinopia.studio.schemas import (
    ClassEntry,
    CodeLook,
    Look,
    ModelEntry,
    SeedLook,
    StyleEntry,
    VocabularyEntry,
)
from sinopia.zoo.catalog import available_models, find_model
from sinopia.zoo.manifest import describe_model, read_manifest
from sinopia.zoo.styles import decode_style_code, encode_style_code

__all__ = ["MAX_LOADED", "ModelShelf", "ShelvedModel"]

MAX_LOADED = 2
"""Models in memory; the one that painted longest ago makes room."""

_FAMILY = "spade"
_CODE_FIELD = "look.style_code"


@dataclass(frozen=True, eq=False)
class ShelvedModel:
    """What is known of a model without its weights."""

    name: str
    folder: Path
    config: SpadeConfig
    vocabulary: Vocabulary
    weights_sha256: str
    entry: ModelEntry

    @classmethod
    def of(cls, name: str, folder: Path) -> ShelvedModel:
        """Read a model folder.

        Raises:
            ModelError: when it is damaged, or the model does not paint label maps.
        """
        description = describe_model(folder)
        if description.family != _FAMILY:
            raise ModelError(
                f"model {name!r} ({description.family}) does not paint label maps, so the studio "
                f"has no use for it. `sinopia models list` shows what there is."
            )
        try:
            config = configs.from_json(SpadeConfig, description.config, where=f"{folder}: config")
        except ConfigError as error:
            raise ModelError(str(error)) from None
        vocabulary = description.vocabulary
        return cls(
            name=name,
            folder=folder,
            config=config,
            vocabulary=vocabulary,
            weights_sha256=read_manifest(folder).weights.sha256,
            entry=ModelEntry(
                name=name,
                summary=_summary(description.facts, vocabulary),
                size_hw=config.size_hw,
                size_multiple=config.size_multiple,
                style_dim=config.style_dim,
                can_read_style=config.encoder is not None,
                styles=tuple(
                    StyleEntry(name=style.name, look=CodeLook(style_code=style.style_code))
                    for style in description.styles
                ),
                needs_instances=config.has_instance_edges,
                vocabulary=_entry_of(vocabulary, description.facts.get("class_pixels")),
            ),
        )

    def check_ids(self, ids: NDArray[np.uint8], *, where: str) -> None:
        """Raise LabelError for ids, of any shape, that no class has; 255 is unlabeled."""
        bad = (ids >= len(self.vocabulary)) & (ids != UNLABELED)
        if bad.any():
            raise LabelError(
                f"{where} holds id {int(ids[bad].flat[0])}, but the classes of model "
                f"{self.name!r} end at {len(self.vocabulary) - 1} (255 = unlabeled). Paint with "
                f"classes of vocabulary {self.vocabulary.name!r}."
            )

    def check_look(self, look: Look) -> None:
        """Raise RequestError for a look that the model cannot give a picture."""
        if self.config.style_dim is None:
            if look is not None:
                raise RequestError(
                    f"model {self.name!r} has no style: it makes one picture per map. Its look is "
                    f"null."
                )
        elif look is None:
            raise RequestError(
                f'model {self.name!r} needs a look: {{"seed": 0}}, or a style code of '
                f"{self.config.style_dim} numbers."
            )
        elif isinstance(look, CodeLook):
            decode_style_code(look.style_code, self.config.style_dim, where=_CODE_FIELD)


class ModelShelf:
    """All models of a studio, by name.

    Everything that computes belongs into the one thread that paints.

    Args:
        models: names or folders to offer beside all models that have a name; the first is the
            default.
        device, precision: of all synthesizers.

    Raises:
        ModelError: for a model that is missing, damaged or cannot paint label maps, and two of the
            same name.
        RequestError: when this machine does not have the device.
    """

    def __init__(
        self,
        models: Sequence[str | Path] = (),
        *,
        device: str = "cpu",
        precision: PrecisionChoice = "auto",
    ) -> None:
        find_device(device)
        self.device = device
        self._precision: PrecisionChoice = precision
        folders: dict[str, Path] = {}
        for each in models:
            folder = find_model(each)
            name = folder.resolve().name
            if folders.setdefault(name, folder).resolve() != folder.resolve():
                raise ModelError(
                    f"{folders[name]} and {folder} have the same name, {name!r}; rename one folder."
                )
        for name, folder in available_models().items():
            if read_manifest(folder).family == _FAMILY:
                folders.setdefault(name, folder)
        if not folders:
            raise ModelError("there is no model to paint with; name one with --model.")
        self._models = {name: ShelvedModel.of(name, folder) for name, folder in folders.items()}
        self._loaded: OrderedDict[str, Synthesizer] = OrderedDict()

    @property
    def default(self) -> str:
        """Name of the model that a page begins with."""
        return next(iter(self._models))

    @property
    def models(self) -> tuple[ShelvedModel, ...]:
        """All of them, the default one first."""
        return tuple(self._models.values())

    def find(self, name: str) -> ShelvedModel:
        """A model by name.

        Raises:
            ModelError: when there is none; the message lists all.
        """
        if name not in self._models:
            raise ModelError(
                f"this studio has no model {name[:80]!r}. It has {', '.join(self._models)}; others "
                f"are added at its start with --model."
            )
        return self._models[name]

    def synthesizer(self, model: ShelvedModel) -> Synthesizer:
        """The model, loaded."""
        if model.name not in self._loaded:
            while len(self._loaded) >= MAX_LOADED:
                self._loaded.popitem(last=False)
            self._loaded[model.name] = load_synthesizer(
                model.folder, device=self.device, precision=self._precision, is_live=True
            )
        self._loaded.move_to_end(model.name)
        return self._loaded[model.name]

    def paint(
        self, model: ShelvedModel, ids: NDArray[np.uint8], look: Look, *, is_exact: bool = False
    ) -> ImageArray:
        """The picture of ids (H, W), (H, W, 3) uint8.

        Args:
            is_exact: whether equal arguments must give equal bytes, whatever was painted before.

        Raises:
            LabelError, RequestError: for ids, a size or a look that do not fit the model.
        """
        synthesizer = self.synthesizer(model)
        if is_exact:
            synthesizer.forget()
        # A painted map has no objects: each connected area of a class counts as one.
        instance_ids = ids if model.config.has_instance_edges else None
        synthesizer.set_label_map(LabelMap(ids, model.vocabulary), instance_ids)
        seed, code = _style_of(model, look)
        return synthesizer.synthesize(seed, code)

    def request(self, model: ShelvedModel, look: Look) -> SynthesisRequest:
        """What the latest picture of the model was made from."""
        seed, code = _style_of(model, look)
        request = self.synthesizer(model).request(seed, code)
        if isinstance(look, CodeLook):
            return dataclasses.replace(request, style_photo_sha256=look.photo_sha256)
        return request

    def draw_style(self, model: ShelvedModel, seed: int) -> str:
        """The style code that a seed stands for, as a look holds it.

        Raises:
            RequestError: when the model has no style.
        """
        return encode_style_code(self.synthesizer(model).draw_style(seed))

    def read_style(self, model: ShelvedModel, photo: ImageArray) -> str:
        """The style code of a photo, as a look holds it.

        Raises:
            RequestError: when the model cannot read a style.
        """
        return encode_style_code(self.synthesizer(model).encode_style(photo))


def _style_of(model: ShelvedModel, look: Look) -> tuple[int, NDArray[np.float32] | None]:
    model.check_look(look)
    if isinstance(look, CodeLook):
        assert model.config.style_dim is not None, "check_look saw to it"
        return 0, decode_style_code(look.style_code, model.config.style_dim, where=_CODE_FIELD)
    return (look.seed if isinstance(look, SeedLook) else 0), None


def _summary(facts: dict[str, object], vocabulary: Vocabulary) -> str:
    data = facts.get("data")
    trained = f", trained on {data}" if isinstance(data, str) else ""
    return f"{len(vocabulary)} classes of {vocabulary.name}{trained}"


def _entry_of(vocabulary: Vocabulary, pixels: object) -> VocabularyEntry:
    """The vocabulary with the training pixels of its classes, where these are known."""
    known = pixels if isinstance(pixels, dict) else {}
    return VocabularyEntry(
        name=vocabulary.name,
        classes=tuple(
            ClassEntry(
                id=class_id,
                name=each.name,
                color=each.color,
                is_thing=each.is_thing,
                training_pixels=count if type(count := known.get(each.name)) is int else None,
            )
            for class_id, each in enumerate(vocabulary.classes)
        ),
    )
