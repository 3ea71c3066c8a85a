"""The synthesizer: a label map set once, pictures of it in as many styles as wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sinopia.errors import LabelError, ModelError, RequestError
from sinopia.inference.device import find_device
from sinopia.inference.engine import SpadeEngine
from sinopia.inference.request import (
    RecordedMap,
    SynthesisRequest,
    hash_pixels,
)
from sinopia.models.spade import SpadeEncoder, SpadeGenerator
from sinopia.nn.precision import Precision, PrecisionChoice, resolve_precision
from sinopia.scene.batch import images_from_tensor, images_to_tensor
from sinopia.scene.image import ImageArray, resize_image
from sinopia.scene.instances import instance_edges
from sinopia.scene.label_map import LabelMap, resize_nearest
from sinopia.scene.vocabulary import Vocabulary
from sinopia.seeding import derive_seed
from sinopia.zoo.catalog import find_model
from sinopia.zoo.checkpoint import Model, load_model
from sinopia.zoo.manifest import read_manifest
from sinopia.zoo.styles import decode_style_code, encode_style_code

__all__ = ["StyleSource", "Synthesizer", "load_synthesizer"]

StyleSource = NDArray[Any]
"""A photo, (H, W, 3) uint8, or a style code, (D,) of real numbers."""

_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True, eq=False)
class _Structure:
    """The map at hand, as it was given and as the generator takes it."""

    label_map: LabelMap
    instance_ids: NDArray[Any] | None
    size_hw: tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Style:
    """A style as a request records it."""

    seed: int | None = None
    code: NDArray[np.float32] | None = None
    photo_sha256: str | None = None


class Synthesizer:
    """Paints label maps with one model.

    What depends on the map alone is computed for the first picture of the map and kept for the
    others. Equal requests give equal bytes on one machine.

    Args:
        model: its networks become the synthesizer's own: moved to the device, in evaluation mode.
            The generator is emptied: the engine takes its weights.
        name: recorded in requests.
        weights_sha256: of the weight file, recorded in requests.
        device: such as "cpu" or "cuda".
        precision: "bf16" computes products in bfloat16 where that is safe; "auto" takes what is
            faster on the device, which may be another on another machine. Requests record which.
        is_live: whether a map that differs a little from the one before is painted quickly; such a
            picture equals that of a fresh synthesizer to rounding, and after `forget` to the bit.

    Raises:
        RequestError: when this machine does not have the device.
        ModelError: when the model holds no generator that paints label maps.
    """

    def __init__(
        self,
        model: Model,
        *,
        name: str,
        weights_sha256: str,
        device: str = "cpu",
        precision: PrecisionChoice = "fp32",
        is_live: bool = False,
    ) -> None:
        generator = model.networks.get("generator")
        encoder = model.networks.get("encoder")
        if not isinstance(generator, SpadeGenerator):
            raise ModelError(f"model {name!r} ({model.family}) does not paint label maps.")
        self.name = name
        self.vocabulary: Vocabulary = model.vocabulary
        self._device = find_device(device)
        self.precision: Precision = resolve_precision(precision, self._device)
        self._weights_sha256 = weights_sha256
        self._config = generator.config
        self._engine = SpadeEngine(
            self._prepared(generator),
            precision=self.precision,
            is_live=is_live,
            takes_weights=True,
        )
        self._encoder = self._prepared(encoder) if isinstance(encoder, SpadeEncoder) else None
        self._styles = {style.name: style.style_code for style in model.styles}
        self._structure: _Structure | None = None

    def _prepared(self, network: _Network) -> _Network:
        network.to(self._device).to(memory_format=torch.channels_last)
        return network.eval().requires_grad_(False)

    @property
    def size_multiple(self) -> int:
        """Height and width of a picture are multiples of this."""
        return self._config.size_multiple

    @property
    def native_size(self) -> tuple[int, int]:
        """Height and width of the pictures that the model was trained on; it paints these best."""
        return self._config.size_hw

    @property
    def style_dim(self) -> int | None:
        """Length of a style code; None when the model makes one picture per map."""
        return self._config.style_dim

    @property
    def can_read_style(self) -> bool:
        """Whether a photo can give the style."""
        return self._encoder is not None

    @property
    def style_names(self) -> tuple[str, ...]:
        """The styles that the model brings along."""
        return tuple(self._styles)

    @property
    def needs_instances(self) -> bool:
        """Whether the model was trained with instance maps, and so needs one."""
        return self._config.has_instance_edges

    def set_label_map(
        self,
        label_map: LabelMap | NDArray[np.uint8],
        instance_ids: NDArray[Any] | None = None,
        *,
        size_hw: tuple[int, int] | None = None,
    ) -> None:
        """Take the map of the pictures to come.

        Args:
            label_map: a map of the model's vocabulary, or its class ids, (H, W) uint8.
            instance_ids: (H, W) integers, one number an object, for models that need them.
            size_hw: height and width of the pictures; by default the map's own.

        Raises:
            LabelError: for ids that no class has, or a map of another vocabulary.
            RequestError: for a size that the model cannot make (the message names the nearest that
                it can), and an instance map that is missing, needless or of another size.
        """
        if not isinstance(label_map, LabelMap):
            label_map = LabelMap(label_map, self.vocabulary)
        self._check_vocabulary(label_map.vocabulary)
        size_hw = label_map.size_hw if size_hw is None else size_hw
        self._config.check_size(size_hw)
        ids = label_map.resized(size_hw).ids
        edges = self._edges(label_map, instance_ids, size_hw)
        condition = self._config.condition(
            torch.as_tensor(ids.astype(np.int64), device=self._device).unsqueeze(0), edges
        )
        self._engine.set_map(condition)
        self._structure = _Structure(label_map, instance_ids, size_hw)

    def forget(self) -> None:
        """Drop the map at hand and all that was kept of it and of earlier ones."""
        self._engine.forget()
        self._structure = None

    def synthesize(self, seed: int = 0, style: StyleSource | None = None) -> ImageArray:
        """The picture of the map, (H, W, 3) uint8.

        Args:
            seed: draws the style; without influence when `style` is given, and for a model
                without style, which makes one picture per map.
            style: a photo (H, W, 3) uint8 to take the style from, or a style code (D,).

        Raises:
            RequestError: when no map is set, or the model cannot take such a style.
        """
        self._require_structure()
        return self._paint(self._style(seed, style))

    def synthesize_seeds(self, seeds: Iterable[int]) -> Iterator[ImageArray]:
        """The pictures of the map for several seeds, each made when it is asked for.

        They are the very pictures that `synthesize` gives: they are not stacked into a batch, whose
        sums could round otherwise.
        """
        for seed in seeds:
            yield self.synthesize(seed)

    def encode_style(self, photo: ImageArray) -> NDArray[np.float32]:
        """The style code of a photo (H, W, 3) uint8: the mean that the encoder gives, (D,) float32.

        Raises:
            RequestError: when the model has no encoder, or the array is no photo.
        """
        if self._encoder is None:
            raise RequestError(
                f"model {self.name!r} has no encoder to read the style of a photo with. "
                + ("Choose a seed instead." if self.style_dim else "It makes one picture per map.")
            )
        if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or photo.size == 0:
            raise RequestError(
                f"style: expected a photo (H, W, 3) uint8, got {photo.dtype} {photo.shape}."
            )
        side = self._encoder.config.input_size
        images = images_to_tensor([resize_image(photo, (side, side))]).to(self._device)
        with torch.inference_mode():
            mean, _ = self._encoder(images)
        return mean[0].cpu().numpy()

    def named_style(self, name: str) -> NDArray[np.float32]:
        """The style code of a style that the model brings along, (D,) float32.

        Raises:
            RequestError: when it brings none of that name.
        """
        if name not in self._styles:
            raise RequestError(
                f"model {self.name!r} has no style {name!r}; it has "
                f"{', '.join(self._styles) or 'no named styles'}."
            )
        assert self.style_dim is not None, "the model's styles have been checked"
        return decode_style_code(self._styles[name], self.style_dim, where=f"style {name!r}")

    def draw_style(self, seed: int) -> NDArray[np.float32]:
        """The style code that a seed stands for, (D,) float32.

        Raises:
            RequestError: when the model has no style.
        """
        if self.style_dim is None:
            raise RequestError(f"model {self.name!r} has no style: it makes one picture per map.")
        return self._random_code(seed)[0].cpu().numpy()

    def request(self, seed: int = 0, style: StyleSource | None = None) -> SynthesisRequest:
        """The request of the picture that `synthesize` makes of the same arguments.

        Raises:
            RequestError: as `synthesize`.
        """
        structure = self._require_structure()
        chosen = self._style(seed, style)
        instances = structure.instance_ids
        return SynthesisRequest(
            model=self.name,
            weights_sha256=self._weights_sha256,
            vocabulary=self.vocabulary.name,
            label_map=RecordedMap.of(structure.label_map.ids),
            size_hw=structure.size_hw,
            instance_map=None if instances is None else RecordedMap.of(instances),
            seed=chosen.seed,
            style_code=None if chosen.code is None else encode_style_code(chosen.code),
            style_photo_sha256=chosen.photo_sha256,
            precision=self.precision,
        )

    def repaint(self, request: SynthesisRequest) -> ImageArray:
        """The picture of a request, (H, W, 3) uint8; its map becomes the map at hand.

        Raises:
            RequestError: when the request is for other weights or another precision, or does not
                hold its map.
            LabelError: when its map does not fit the vocabulary.
        """
        if request.weights_sha256 != self._weights_sha256:
            raise RequestError(
                f"the request is for model {request.model!r} with weights "
                f"{request.weights_sha256[:12]}..., but {self.name!r} has "
                f"{self._weights_sha256[:12]}...; load that model."
            )
        if request.precision != self.precision:
            raise RequestError(
                f"the request is for precision {request.precision}, but the model was loaded for "
                f"{self.precision}; load it with precision={request.precision!r}."
            )
        if self.style_dim is not None and request.seed is None and request.style_code is None:
            raise RequestError("the request has neither a seed nor a style code; give one.")
        instances = request.instance_map
        self.set_label_map(
            request.label_map.restore(),
            None if instances is None else instances.restore(),
            size_hw=request.size_hw,
        )
        seed = 0 if request.seed is None else request.seed
        return self.synthesize(seed, request.style_values())

    def _paint(self, style: _Style) -> ImageArray:
        code = None
        if style.code is not None:
            code = torch.as_tensor(style.code, device=self._device).unsqueeze(0)
        elif style.seed is not None:
            code = self._random_code(style.seed)
        return images_from_tensor(self._engine.paint(code))[0]

    def _style(self, seed: int, style: StyleSource | None) -> _Style:
        if self.style_dim is None:
            if style is not None:
                raise RequestError(
                    f"model {self.name!r} has no style: it makes one picture per map. Leave the "
                    f"style out, or use another model."
                )
            return _Style()
        if style is None:
            return _Style(seed=seed)
        if style.ndim == 3:
            return _Style(code=self.encode_style(style), photo_sha256=hash_pixels(style))
        if style.shape != (self.style_dim,) or style.dtype.kind != "f":
            raise RequestError(
                f"style: expected a photo (H, W, 3) uint8 or a style code of {self.style_dim} "
                f"real numbers, got {style.dtype} {style.shape}."
            )
        if not np.isfinite(style).all():
            raise RequestError("style: the style code holds values that are not numbers.")
        return _Style(code=style.astype(np.float32))

    def _random_code(self, seed: int) -> Tensor:
        assert self.style_dim is not None, "only models with style have random codes"
        generator = torch.Generator().manual_seed(derive_seed(seed, "style"))
        return torch.randn((1, self.style_dim), generator=generator).to(self._device)

    def _edges(
        self, label_map: LabelMap, instance_ids: NDArray[Any] | None, size_hw: tuple[int, int]
    ) -> Tensor | None:
        """Instance edges, (1, 1, H, W), drawn at the size of the picture."""
        if instance_ids is None:
            return None  # a generator that needs them says so itself
        if not self.needs_instances:
            raise RequestError(
                f"model {self.name!r} was trained without instance maps and cannot use one. "
                f"Leave it out."
            )
        if instance_ids.shape != label_map.size_hw or instance_ids.dtype.kind not in "iu":
            raise RequestError(
                f"instance map: expected integers of shape {label_map.size_hw} like the label "
                f"map, got {instance_ids.dtype} {instance_ids.shape}."
            )
        edges = instance_edges(resize_nearest(instance_ids, size_hw))
        return torch.as_tensor(edges, dtype=torch.float32, device=self._device)[None, None]

    def _check_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Ids mean the same when the classes have the same names in the same order."""
        if vocabulary.names != self.vocabulary.names:
            raise LabelError(
                f"the label map is of vocabulary {vocabulary.name!r} ({_shown(vocabulary)}), but "
                f"model {self.name!r} paints {self.vocabulary.name!r} ({_shown(self.vocabulary)}). "
                f"Paint the map in the model's classes, or use a model of its vocabulary."
            )

    def _require_structure(self) -> _Structure:
        if self._structure is None:
            raise RequestError("there is no label map yet; call set_label_map() first.")
        return self._structure


def load_synthesizer(
    name_or_path: str | Path,
    *,
    device: str = "cpu",
    precision: PrecisionChoice = "fp32",
    is_live: bool = False,
) -> Synthesizer:
    """Load a model by its name or folder, ready to paint; the options are those of `Synthesizer`.

    Raises:
        ModelError: when there is no such model, or its folder is damaged.
        RequestError: when this machine does not have the device.
    """
    folder = find_model(name_or_path)
    return Synthesizer(
        load_model(folder),
        name=folder.resolve().name,
        weights_sha256=read_manifest(folder).weights.sha256,
        device=device,
        precision=precision,
        is_live=is_live,
    )


def _shown(vocabulary: Vocabulary) -> str:
    names = vocabulary.names
    more = f", ... {len(names)} classes" if len(names) > 6 else ""
    return ", ".join(names[:6]) + more
