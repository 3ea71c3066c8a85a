"""Masks in colours, palettes, black and white or odd channels become files of source ids."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sinopia import config
from sinopia.data.masks import (
    TRANSPARENT,
    Color,
    Storage,
    ValueCounts,
    ValueRuns,
    color_codes,
    color_of_code,
    list_masks,
    mask_numbers,
    pack_colors,
    storage_of,
)
from sinopia.data.palettes import vocabulary_palette
from sinopia.data.report import counted
from sinopia.data.unplaced import Tally, Unplaced, count_mixtures
from sinopia.errors import ConfigError, DatasetError, FileFormatError, LabelError, SinopiaError
from sinopia.files import atomic_folder, write_text
from sinopia.scene.image import open_image
from sinopia.scene.vocabulary import UNLABELED, Vocabulary

__all__ = ["Conversion", "ConvertMethod", "convert_masks"]

ConvertMethod = Literal["colors", "palette", "ids"]
"""colors: a pixel's colour names its class. palette: the number in a palette file is the id. ids:
the grey value of any file is the id."""

_NAMED = 10


@dataclass(frozen=True)
class Conversion:
    """What was written."""

    out: str
    num_files: int
    num_pixels: int
    moved_pixels: int
    """Pixels whose colour was near that of a class, not equal to it."""
    unlabeled_pixels: int
    """Pixels of no class in the result, for whatever reason."""
    unplaced: tuple[Unplaced, ...]
    """Values that stand for no class and became unlabeled."""


def convert_masks(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    vocabulary: Vocabulary,
    palette: Mapping[Color, int] | None = None,
    method: ConvertMethod = "colors",
    tolerance: float = 0.0,
    unknown: Literal["refuse", "unlabeled"] = "refuse",
    report: str | Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Conversion:
    """Convert mask files, and those in folders, to PNG files of source ids in the new folder `out`.

    All files or none are written. `palette` gives the class id of each colour, by default the
    vocabulary's. A colour that is not in it is taken for the nearest one within `tolerance` (a
    distance in the RGB cube, 0..442), else becomes unlabeled where `unknown` says so. `report` is a
    JSON file for the values that could not be placed, which is written in any case.

    Raises:
        LabelError: when values stand for no class and may not become unlabeled; all are listed.
        FileFormatError: when files cannot be read, or not by this method; the message names them.
        DatasetError: when there are no masks, or `out` holds files already.
        ConfigError: when the tolerance is out of range.
    """
    out = Path(out)
    if not 0 <= tolerance <= 442:
        raise ConfigError(f"tolerance: expected a distance in 0..442, got {tolerance}.")
    files = _targets(sources)
    _check_out(out, sources)
    colors = vocabulary_palette(vocabulary) if palette is None else dict(palette)
    converter = _Converter(vocabulary, colors, method, tolerance)
    problems: list[str] = []
    with atomic_folder(out) as temporary:
        for done, (name, path) in enumerate(files.items(), start=1):
            try:
                ids = converter.read(path)
            except (SinopiaError, OSError) as error:
                problems.append(str(error))
            else:
                if not problems and (unknown == "unlabeled" or not converter.tally.entries):
                    _write(temporary / name, ids, vocabulary)
            if on_progress is not None:
                on_progress(done, len(files))
        unplaced = converter.tally.listed(are_ids=method != "colors")
        if report is not None:
            write_text(report, json.dumps(config.to_json(unplaced), indent=1) + "\n")
        if problems:
            raise FileFormatError(
                f"{counted(len(problems), 'file')} cannot be converted; nothing was written.\n"
                + _bullets(problems)
            )
        if unplaced and unknown == "refuse":
            raise LabelError(_refusal(converter, vocabulary, method))
    return Conversion(
        str(out),
        num_files=len(files),
        num_pixels=converter.num_pixels,
        moved_pixels=converter.moved_pixels,
        unlabeled_pixels=converter.unlabeled_pixels,
        unplaced=unplaced,
    )


class _Converter:
    """Reads mask files as class ids, keeping count of what could not be placed."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        palette: Mapping[Color, int],
        method: ConvertMethod,
        tolerance: float,
    ) -> None:
        self._vocabulary = vocabulary
        self._method: ConvertMethod = method
        self._tolerance = tolerance
        self._colors = np.array(list(palette), np.int64)  # (K, 3)
        self._codes = pack_colors(self._colors).astype(np.int64)
        self._ids = np.array(list(palette.values()), np.uint8)
        self.tally = Tally()
        self.num_pixels = 0
        self.moved_pixels = 0
        self.unlabeled_pixels = 0

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Class ids of a file, (H, W); what cannot be placed is unlabeled and goes to the tally."""
        with open_image(path) as image, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of metadata that we do not use
            storage = storage_of(image)
            values = self._values(image, storage, path)
        runs = ValueRuns.of(values)
        place = self._place_colors if self._method == "colors" else self._place_ids
        new_ids, is_unplaced, nearest = place(runs.counts)
        if is_unplaced.any():
            mixed = 0
            if self._method == "colors":
                opaque_unplaced = is_unplaced & (runs.counts.values != TRANSPARENT)
                mixed = count_mixtures(_unpack(values), runs.replaced(opaque_unplaced))
            if self._method == "colors" and set(runs.counts.values.tolist()) <= {0, 0xFFFFFF}:
                self.tally.binary_files.append(str(path))
            self.tally.add(
                path, storage, runs.counts.where(is_unplaced), nearest=nearest, mixed_pixels=mixed
            )
        self.num_pixels += values.size
        self.unlabeled_pixels += int(runs.counts.pixels[new_ids == UNLABELED].sum())
        return runs.replaced(new_ids)

    def _values(self, image: Image.Image, storage: Storage, path: Path) -> NDArray[Any]:
        """Colour codes or source ids of a picture, (H, W)."""
        if storage == "floats":
            raise FileFormatError(f"{path} holds floating-point numbers, neither colours nor ids.")
        if self._method == "colors":
            if storage == "numbers" and image.mode != "L":
                raise FileFormatError(
                    f"{path} stores {image.mode} numbers of more than eight bits, which are no "
                    f"colours; if they are ids, use --from-ids."
                )
            return color_codes(image)
        if storage == "lossy":
            raise FileFormatError(
                f"{path} is {image.format}, whose compression changes ids; export PNG files."
            )
        if self._method == "palette" and storage != "palette":
            raise FileFormatError(
                f"{path} has no palette (its mode is {image.mode}); --from-palette is for palette "
                f"PNGs. Without it, colours name the classes; with --from-ids, grey values do."
            )
        if storage != "colors":
            return mask_numbers(image)
        parts = np.asarray(image.convert("RGB"))
        if (parts != parts[..., :1]).any():
            raise FileFormatError(
                f"{path} is a {image.mode} picture with colours, so its values are no ids; leave "
                f"out --from-ids to go by colour."
            )
        return parts[..., 0]

    def _place_ids(
        self, counts: ValueCounts
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_], dict[int, tuple[str, float]]]:
        ids, unknown = self._vocabulary.ids_from_source(counts.values)
        return ids, unknown, {}

    def _place_colors(
        self, counts: ValueCounts
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_], dict[int, tuple[str, float]]]:
        """Class ids of colour codes, which are unplaced, and what the latter are nearest to."""
        order = np.argsort(self._codes)
        at = order[
            np.searchsorted(self._codes, counts.values, sorter=order).clip(max=len(order) - 1)
        ]
        exact = self._codes[at] == counts.values
        ids = np.where(exact, self._ids[at], UNLABELED).astype(np.uint8)
        is_unplaced = ~exact
        nearest: dict[int, tuple[str, float]] = {}
        for index in np.flatnonzero(~exact).tolist():
            color = color_of_code(int(counts.values[index]))
            if color is None:
                continue
            distances = np.sqrt(((self._colors - color) ** 2).sum(1))
            best = int(distances.argmin())
            if distances[best] <= self._tolerance:
                ids[index] = self._ids[best]
                is_unplaced[index] = False
                self.moved_pixels += int(counts.pixels[index])
            else:
                name = self._vocabulary.name_of(int(self._ids[best]))
                nearest[int(counts.values[index])] = (name, float(distances[best]))
        return ids, is_unplaced, nearest


def _targets(sources: Sequence[str | Path]) -> dict[str, Path]:
    """Mask files by the names that they will have in the new folder."""
    targets: dict[str, Path] = {}
    for source in map(Path, sources):
        if source.is_dir():
            found = [(file.relative_to(source), file) for file in list_masks(source)]
            if not found:
                raise DatasetError(f"{source} holds no mask files; expected PNG files.")
        elif source.exists():
            found = [(Path(source.name), source)]
        else:
            raise DatasetError(f"there is no file or folder {source}.")
        for relative, file in found:
            name = str(relative.with_suffix(".png"))
            if name in targets:
                raise DatasetError(
                    f"{targets[name]} and {file} would both become {name}. Convert them one after "
                    f"the other, or rename one."
                )
            targets[name] = file
    if not targets:
        raise DatasetError("nothing to convert: name mask files, or folders of them.")
    return targets


def _check_out(out: Path, sources: Sequence[str | Path]) -> None:
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise DatasetError(
            f"{out} exists already; nothing is overwritten. Name a new folder with --out."
        )
    for source in map(Path, sources):
        if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
            raise DatasetError(
                f"{out} lies inside {source}, which is being converted. Name a folder elsewhere "
                f"with --out, such as {source}-ids."
            )


def _write(path: Path, ids: NDArray[np.uint8], vocabulary: Vocabulary) -> None:
    """Write source ids, shown in the classes' colours where a palette can hold the numbers."""
    if UNLABELED in ids and int(vocabulary.source_from_ids(np.array([UNLABELED], np.uint8))[0]) in (
        each.source_id for each in vocabulary.classes
    ):
        raise LabelError(
            f"vocabulary {vocabulary.name!r} has a class with source id 255 and no number for "
            f"unlabeled pixels, of which {path.name} has some; add `unlabeled_source_ids` to it."
        )
    source_ids = vocabulary.source_from_ids(ids)
    path.parent.mkdir(parents=True, exist_ok=True)
    if source_ids.max() > 255:
        Image.fromarray(source_ids).save(path)
        return
    palette = np.zeros((256, 3), np.uint8)
    for each in vocabulary.classes:
        if each.source_id < 256:
            palette[each.source_id] = each.color
    image = Image.fromarray(source_ids.astype(np.uint8))
    image.putpalette(palette.tobytes())
    image.save(path)


def _refusal(converter: _Converter, vocabulary: Vocabulary, method: ConvertMethod) -> str:
    tally = converter.tally
    pixels = sum(each.pixels for each in tally.entries.values()) + tally.more_pixels
    share = pixels / converter.num_pixels
    are_ids = method != "colors"
    what = counted(len(tally.entries), "id" if are_ids else "colour")
    verb = "stands" if len(tally.entries) == 1 else "stand"
    way_out = (
        "Name the right vocabulary, or use `--unknown unlabeled`."
        if are_ids
        else "Declare more colours with --palette FILE, take the nearest within a distance with "
        "`--tolerance D`, or use `--unknown unlabeled`."
    )
    return "\n".join(
        [
            f"{what} {verb} for no class of vocabulary {vocabulary.name!r} "
            f"({counted(pixels, 'pixel')}, {share:.2%}); nothing was written.",
            *(f"  {line}" for line in tally.table(are_ids=are_ids)),
            *([] if are_ids else tally.explanations()),
            way_out,
        ]
    )


def _unpack(codes: NDArray[Any]) -> NDArray[np.uint8]:
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=-1).astype(np.uint8)


def _bullets(lines: list[str]) -> str:
    shown = [f"  {line}" for line in lines[:_NAMED]]
    if len(lines) > _NAMED:
        shown.append(f"  and {len(lines) - _NAMED} more")
    return "\n".join(shown)
