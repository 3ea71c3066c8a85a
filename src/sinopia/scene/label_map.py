"""A label map: one class id a pixel, with the vocabulary that gives the ids their meaning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sinopia.errors import FileFormatError, LabelError
from sinopia.files import atomic_path
from sinopia.scene.image import ImageArray, open_image, png_text
from sinopia.scene.vocabulary import UNLABELED, Vocabulary

__all__ = ["LabelMap", "nearest_indices", "read_index_image", "resize_nearest"]

VOCABULARY_KEY = "sinopia-vocabulary"
"""PNG text chunk that names the vocabulary of a label map that we wrote."""


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Class ids, (H, W) uint8, 255 = unlabeled, and their vocabulary.

    Raises:
        LabelError: when `ids` has another shape or type, or an id that no class has.
    """

    ids: NDArray[np.uint8]
    vocabulary: Vocabulary

    def __post_init__(self) -> None:
        _check_ids(self.ids, self.vocabulary, where="label map")
        if self.ids.dtype != np.uint8:
            raise LabelError(
                f"label map: expected uint8 ids, got {self.ids.dtype}; use ids.astype(np.uint8)."
            )

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return (self.ids.shape[0], self.ids.shape[1])

    @classmethod
    def from_source_ids(
        cls, source_ids: NDArray[Any], vocabulary: Vocabulary, *, where: str = "label map"
    ) -> LabelMap:
        """Build from the data set's own numbers, (H, W) integers.

        Raises:
            LabelError: when a number belongs to no class; the message names the first such pixel.
        """
        if source_ids.ndim != 2 or source_ids.dtype.kind not in "iu":
            raise LabelError(
                f"{where}: expected integers of shape (H, W), got {source_ids.dtype} "
                f"{source_ids.shape}."
            )
        ids, unknown = vocabulary.ids_from_source(source_ids)
        if unknown.any():
            y, x = (int(each) for each in np.argwhere(unknown)[0])
            raise LabelError(
                f"{where} holds id {int(source_ids[y, x])} at pixel (x={x}, y={y}), which no class "
                f"of vocabulary {vocabulary.name!r} has ({int(unknown.sum())} such pixels). "
                f"`sinopia data doctor` lists them all."
            )
        return cls(ids, vocabulary)

    @classmethod
    def read(cls, path: str | Path, vocabulary: Vocabulary) -> LabelMap:
        """Read an index or palette PNG whose values are class ids.

        Raises:
            FileFormatError: when the file cannot be read.
            LabelError: when it is a colour picture or holds ids outside the vocabulary.
        """
        ids = read_index_image(path)
        _check_ids(ids, vocabulary, where=f"label map {path}")
        return cls(ids.astype(np.uint8), vocabulary)

    def write(self, path: str | Path) -> None:
        """Write a palette PNG: the values are the ids, shown in the vocabulary's colours.

        Raises:
            FileFormatError: when the path does not end in .png; other formats change ids.
        """
        if Path(path).suffix.lower() != ".png":
            raise FileFormatError(f"cannot write a label map to {path}: the name must end in .png.")
        image = Image.fromarray(self.ids)
        image.putpalette(self.vocabulary.palette.tobytes())
        with atomic_path(path) as temporary:
            image.save(temporary, pnginfo=png_text({VOCABULARY_KEY: self.vocabulary.name}))

    def resized(self, size_hw: tuple[int, int]) -> LabelMap:
        """The map at another size, by nearest neighbour."""
        return LabelMap(resize_nearest(self.ids, size_hw), self.vocabulary)

    def colored(self) -> ImageArray:
        """The map in its vocabulary's colours, (H, W, 3) uint8."""
        return self.vocabulary.palette[self.ids]

    def pixel_counts(self) -> NDArray[np.int64]:
        """Pixels of each id, (256,) int64."""
        return np.bincount(self.ids.ravel(), minlength=256)


def read_index_image(path: str | Path) -> NDArray[Any]:
    """The stored numbers of a one-channel picture, (H, W) uint8, uint16 or int32.

    Palettes are not applied.

    Raises:
        FileFormatError: when the file cannot be read, or is a JPEG, whose compression changes ids.
        LabelError: when the picture has colour channels.
    """
    with open_image(path) as image:
        if image.format in ("JPEG", "WEBP"):
            raise FileFormatError(
                f"{path} is {image.format}, whose compression changes ids. "
                f"Label maps are PNG files."
            )
        if image.mode == "1":
            return np.asarray(image).astype(np.uint8) * 255
        if image.mode in ("L", "P", "I", "I;16", "I;16B"):
            return np.asarray(image)
        raise LabelError(
            f"label map {path} is a {image.mode} colour picture; one class id a pixel is expected. "
            f"`sinopia data convert` turns colours into ids."
        )


def nearest_indices(source: int, target: int) -> NDArray[np.int64]:
    """Source position of each of `target` positions, (target,) int64: floor(i * source / target).

    In single precision, hence now and then one less than in exact numbers: as torch's nearest
    interpolation does, with which published weights were trained.
    """
    scale = np.float32(source) / np.float32(target)
    positions = (np.arange(target, dtype=np.float32) * scale).astype(np.int64)
    return np.minimum(positions, source - 1)


def resize_nearest(values: NDArray[Any], size_hw: tuple[int, int]) -> NDArray[Any]:
    """Resize an (H, W) array of ids by nearest neighbour, never inventing a value."""
    if values.shape == size_hw:
        return values
    rows = nearest_indices(values.shape[0], size_hw[0])
    columns = nearest_indices(values.shape[1], size_hw[1])
    return np.ascontiguousarray(values[rows[:, None], columns[None, :]])


def _check_ids(ids: Any, vocabulary: Vocabulary, *, where: str) -> None:
    shape, dtype = getattr(ids, "shape", ()), getattr(ids, "dtype", None)
    if not isinstance(dtype, np.dtype) or len(shape) != 2 or dtype.kind not in "iu" or 0 in shape:
        got = type(ids).__name__ if dtype is None else f"{dtype} {shape}"
        raise LabelError(
            f"{where}: expected class ids as a uint8 array of shape (H, W), got {got}."
        )
    bad = ((ids >= len(vocabulary)) & (ids != UNLABELED)) | (ids < 0)
    if bad.any():
        y, x = (int(each) for each in np.argwhere(bad)[0])
        raise LabelError(
            f"{where} holds id {int(ids[y, x])} at pixel (x={x}, y={y}), but vocabulary "
            f"{vocabulary.name!r} ends at {len(vocabulary) - 1} (255 = unlabeled). Raw data set "
            f"ids? Use LabelMap.from_source_ids(), or `sinopia data doctor` for a whole folder."
        )
