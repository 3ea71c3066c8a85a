"""`sinopia paint`: label maps become pictures."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from numpy.typing import NDArray

from sinopia.errors import DatasetError, FileFormatError, LabelError, RequestError
from sinopia.inference.request import write_picture
from sinopia.scene import LabelMap, Vocabulary, read_image
from sinopia.scene.image import open_image, read_png_text
from sinopia.scene.label_map import VOCABULARY_KEY, read_index_image

if TYPE_CHECKING:
    from sinopia.inference.synthesizer import Synthesizer

__all__ = ["DEFAULT_MODEL", "paint"]

DEFAULT_MODEL = "scenery"
"""The model that comes with sinopia."""

_COLOR_MODES = ("RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "LA", "PA")


class PrecisionChoice(StrEnum):
    """Values of --precision."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"


def paint(
    maps: Annotated[
        list[Path],
        typer.Argument(
            metavar="MAP",
            help="Label maps: PNG files whose values are class ids, or folders of them.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.", show_default=False)],
    model: Annotated[
        str, typer.Option(metavar="NAME|DIR", help="Name or folder of the model.")
    ] = DEFAULT_MODEL,
    style: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PHOTO",
            help="A style that the model brings along (`sinopia models info`), or of this photo.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of the first picture; the others follow.  [default: 0]"),
    ] = None,
    count: Annotated[
        int, typer.Option("-n", "--count", min=1, help="Pictures of each map, by seed.")
    ] = 1,
    size: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="H W", help="Height and width; by default those of the map."),
    ] = None,
    instances: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Instance map, for models trained with them."),
    ] = None,
    source_ids: Annotated[
        bool, typer.Option("--source-ids", help="Maps hold the data set's own numbers.")
    ] = False,
    precision: Annotated[
        PrecisionChoice,
        typer.Option(
            help="Numbers to compute with; auto: the faster ones here, so the same command can "
            "give other bytes elsewhere."
        ),
    ] = PrecisionChoice.fp32,
    device: Annotated[str, typer.Option(help="Where to compute: cpu or cuda.")] = "cpu",
) -> None:
    """Paint label maps: a picture for each map and seed.

    Every picture carries what it was made from, and is named after its map and seed.

    \b
    Examples:
      sinopia paint map.png --out pictures
      sinopia paint maps/ -n 4 --size 256 384 --out pictures
      sinopia paint map.png --style dusk --out pictures
      sinopia paint map.png --model runs/coast/model --style sunset.jpg --out pictures
    """
    paths = find_maps(maps)
    if style is not None and (count > 1 or seed is not None):
        raise RequestError(
            "--style fixes the style, and --seed and -n choose random ones: give one or the other."
        )
    if instances is not None and len(paths) > 1:
        raise RequestError(f"--instances belongs to one map, but there are {len(paths)}.")
    instance_ids = None if instances is None else read_index_image(instances)

    from sinopia.inference.synthesizer import load_synthesizer  # imports torch

    synthesizer = load_synthesizer(model, device=device, precision=precision.value)
    if count > 1 and synthesizer.style_dim is None:
        raise RequestError(f"model {synthesizer.name!r} makes one picture per map: leave -n out.")

    def set_map(path: Path) -> None:
        label_map = read_map(path, synthesizer.vocabulary, has_source_ids=source_ids)
        synthesizer.set_label_map(label_map, instance_ids, size_hw=size)

    for path in paths:
        set_map(path)  # a map that cannot be painted is found before the first is painted
    source, style_name = (None, "") if style is None else _find_style(style, synthesizer)

    out.mkdir(parents=True, exist_ok=True)
    seeds = range(seed or 0, (seed or 0) + count)
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    is_short = len(paths) * count < 4 or not console.is_terminal
    with Progress(console=console, transient=True, disable=is_short) as progress:
        task = progress.add_task("painting", total=len(paths) * count)
        for path in paths:
            set_map(path)
            for each in seeds:
                name = f"seed{each}" if style is None else f"style_{style_name}"
                _paint_one(synthesizer, each, source, out / f"{path.stem}_{name}.png")
                progress.advance(task)


def _find_style(style: str, synthesizer: Synthesizer) -> tuple[NDArray[Any], str]:
    """The code of a named style, or the photo at a path, and what pictures in it are called.

    Raises:
        RequestError: when it is neither, or the model cannot read a photo's style.
        FileFormatError: for a file that is no photo.
    """
    if style in synthesizer.style_names:
        return synthesizer.named_style(style), style
    path = Path(style)
    if not path.exists():
        names = ", ".join(synthesizer.style_names) or "no named styles"
        raise RequestError(
            f"--style: there is no photo at {style}, and model {synthesizer.name!r} has no style "
            f"of that name; it has {names}."
        )
    photo = read_image(path)
    synthesizer.encode_style(photo)  # a style that cannot be read is found before the first map
    return photo, path.stem


def _paint_one(synthesizer: Synthesizer, seed: int, style: NDArray[Any] | None, path: Path) -> None:
    start = time.perf_counter()
    picture = synthesizer.synthesize(seed, style)
    seconds = time.perf_counter() - start
    write_picture(path, picture, synthesizer.request(seed, style))
    typer.echo(f"{path}  {picture.shape[0]}x{picture.shape[1]}  {seconds:.2f} s")


def find_maps(maps: Sequence[Path]) -> list[Path]:
    """The files of the given files and folders, whose names must differ.

    Raises:
        FileFormatError: for a file that is not there.
        DatasetError: for a folder without PNG files, and files of the same name.
    """
    paths: list[Path] = []
    for each in maps:
        if each.is_dir():
            found = sorted(path for path in each.glob("*.png") if not path.name.startswith("."))
            if not found:
                raise DatasetError(f"{each} holds no label map: no file in it ends in .png.")
            paths += found
        elif each.exists():
            paths.append(each)
        else:
            raise FileFormatError(f"no label map at {each}.")
    by_stem: dict[str, Path] = {}
    for path in paths:
        other = by_stem.setdefault(path.stem, path)
        if other is not path:
            raise DatasetError(
                f"{other} and {path} would both be painted to {path.stem}_seed0.png: paint them "
                f"in two runs with different --out."
            )
    return paths


def read_map(path: Path, vocabulary: Vocabulary, *, has_source_ids: bool = False) -> LabelMap:
    """Read a label map whose values are ids of the vocabulary's classes, or its source ids.

    Raises:
        FileFormatError: when the file cannot be read.
        LabelError: for a colour picture, a map that says it is of another vocabulary, and values
            that belong to no class.
    """
    with open_image(path) as image:
        mode, file_format = image.mode, image.format
    if mode in _COLOR_MODES and file_format not in ("JPEG", "WEBP"):
        raise LabelError(
            f"label map {path} is a colour picture ({mode}); one class id a pixel is expected. "
            f"If its colours are those of the classes, convert it, then paint the result:\n"
            f"    {_convert_command(path, vocabulary)}\n"
            f"    sinopia paint converted --source-ids ..."
        )
    declared = read_png_text(path).get(VOCABULARY_KEY) if file_format == "PNG" else None
    if declared in Vocabulary.built_in_names() and not has_source_ids:
        names = Vocabulary.built_in(declared).names
        if names != vocabulary.names:
            raise LabelError(
                f"label map {path} was written with the classes of {declared!r}, but the model "
                f"paints {vocabulary.name!r}: {', '.join(vocabulary.names)}. Use a model of "
                f"{declared!r}, or paint the map anew."
            )
    if has_source_ids:
        return LabelMap.from_source_ids(
            read_index_image(path), vocabulary, where=f"label map {path}"
        )
    try:
        return LabelMap.read(path, vocabulary)
    except LabelError as error:
        raise LabelError(f"{error} To paint files of raw ids: --source-ids.") from None


def _convert_command(path: Path, vocabulary: Vocabulary) -> str:
    """The command that turns the colours of a picture into ids of the vocabulary."""
    is_built_in = vocabulary.name in Vocabulary.built_in_names()
    name = vocabulary.name if is_built_in else "VOCABULARY.json"
    return f"sinopia data convert {shlex.quote(str(path))} --vocabulary {name} --out converted"
