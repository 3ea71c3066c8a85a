"""`sinopia models`: what models there are, what one holds, and how others come in."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sinopia.errors import ModelError, RequestError
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["app"]

_CONTEXT = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    no_args_is_help=True,
    context_settings=_CONTEXT,
    help="List, inspect and import models, and fetch weight files.",
)
import_app = typer.Typer(
    no_args_is_help=True,
    context_settings=_CONTEXT,
    help="Make model folders of checkpoints that other projects published.",
)
app.add_typer(import_app, name="import")


class UpsamplingChoice(StrEnum):
    """Values of --upsampling."""

    normal = "normal"
    more = "more"
    most = "most"


class LabelOrderChoice(StrEnum):
    """Values of --label-order."""

    raw = "raw"
    shifted = "shifted"


@app.command("list")
def list_models() -> None:
    """List the models that have a name, and the weight files that can be fetched.

    \b
    Examples:
      sinopia models list
      sinopia models list | grep ade20k
      SINOPIA_HOME=/data/sinopia sinopia models list
    """
    from sinopia.zoo.catalog import (
        WEIGHT_FILES,
        available_models,
        find_weight_file,
        models_folder,
    )
    from sinopia.zoo.manifest import describe_model

    rows = [("MODEL", "FAMILY", "VOCABULARY", "SIZE", "PARAMETERS", "FOLDER")]
    broken: list[str] = []
    for name, folder in available_models().items():
        try:
            description = describe_model(folder)
        except ModelError as error:  # one broken folder must not hide the others
            broken.append(str(error))
            continue
        vocabulary = description.vocabulary
        rows.append(
            (
                name,
                description.family,
                f"{vocabulary.name} ({len(vocabulary)})",
                _size(description.config),
                f"{description.num_parameters / 1e6:.1f}M",
                str(folder),
            )
        )
    if len(rows) > 1:
        typer.echo(_table(rows))
    else:
        typer.echo(f"no models. Model folders in {models_folder()} are listed here.")
    for message in broken:
        typer.echo(f"broken: {message}", err=True)
    typer.echo()
    rows = [("WEIGHT FILE", "SIZE", "LICENCE", "WHERE")]
    for file in WEIGHT_FILES.values():
        where = find_weight_file(file.name)
        missing = f"not here; sinopia models pull {file.name}"
        rows.append(
            (file.name, _megabytes(file.num_bytes), file.licence, str(where) if where else missing)
        )
    typer.echo(_table(rows))


@app.command()
def info(
    model: Annotated[str, typer.Argument(help="Name or folder of a model.", show_default=False)],
) -> None:
    """Show what a model is: its config, its classes, and what is known of its training.

    \b
    Examples:
      sinopia models info scenery
      sinopia models info runs/street/model
      sinopia models info ./my-model
    """
    from sinopia.zoo.catalog import find_model
    from sinopia.zoo.manifest import describe_model

    description = describe_model(find_model(model))
    vocabulary = description.vocabulary
    typer.echo(
        _table(
            [
                ("folder", str(description.folder)),
                ("family", description.family),
                ("pictures", f"{_size(description.config)} (height x width)"),
                ("parameters", f"{description.num_parameters:,}"),
                ("weights", f"{_megabytes(description.num_bytes)}, {description.dtype}"),
            ]
        )
    )
    typer.echo(f"\nclasses of {vocabulary.name} ({len(vocabulary)})")
    typer.echo("  " + ", ".join(vocabulary.names))
    typer.echo("\nstyles\n  " + (", ".join(each.name for each in description.styles) or "none"))
    for title, values in (("config", description.config), ("facts", description.facts)):
        typer.echo(f"\n{title}")
        rows = [(f"  {name}", json.dumps(value)) for name, value in values.items()]
        typer.echo(_table(rows) if rows else "  none")


@import_app.command("spade")
def import_spade(
    path: Annotated[
        Path,
        typer.Argument(help="The generator: latest_net_G.pth or .safetensors.", show_default=False),
    ],
    vocabulary: Annotated[
        str,
        typer.Option(
            help="What it was trained with: a built-in name or a vocabulary.json.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Model folder to write.", show_default=False)],
    encoder: Annotated[
        Path | None, typer.Option(help="Its style encoder: latest_net_E.pth.", show_default=False)
    ] = None,
    upsampling: Annotated[
        UpsamplingChoice | None,
        typer.Option(help="As it was trained. Default: more for cityscapes, else normal."),
    ] = None,
    size: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="H W", help="Height and width that it was trained for."),
    ] = None,
    label_order: Annotated[
        LabelOrderChoice | None,
        typer.Option(
            help="raw: channel 0 is unlabeled, class k is channel k + 1, as the released ADE20K "
            "pipeline trained; shifted: class k is channel k. Default: raw for ade20k, else "
            "shifted."
        ),
    ] = None,
    edges: Annotated[
        bool | None,
        typer.Option("--edges/--no-edges", help="Whether the last channel is instance edges."),
    ] = None,
    unlabeled: Annotated[
        bool | None,
        typer.Option("--unlabeled/--no-unlabeled", help="Whether unlabeled has a channel."),
    ] = None,
) -> None:
    """Make a model folder of an official SPADE (GauGAN) checkpoint.

    Reads tensors only: nothing in the file is run. What the tensors do not
    tell is assumed and said. Mind the licence of the file: the weights that
    NVIDIA published are for non-commercial use.

    \b
    Examples:
      sinopia models import spade net_G.pth --vocabulary coco-stuff --out coco
      sinopia models import spade net_G.pth --vocabulary ade20k --out ade
      sinopia models import spade G.pth --encoder E.pth --vocabulary my.json
          --out mine --size 256 256
    """
    from sinopia.zoo.adapters.spade_model import import_model
    from sinopia.zoo.checkpoint import save_model

    imported = import_model(
        path,
        vocabulary=Vocabulary.find(vocabulary),
        encoder_path=encoder,
        upsampling=None if upsampling is None else upsampling.value,
        size_hw=size,
        has_unlabeled=unlabeled,
        has_edges=edges,
        label_order=None if label_order is None else label_order.value,
    )
    save_model(out, imported.model, card=imported.card)
    for note in imported.notes:
        typer.echo(f"note: {note}")
    typer.echo(f"wrote {out}. Paint with it: sinopia paint MAP.png --model {out}")


@app.command()
def style(
    model: Annotated[
        str, typer.Argument(help="Name or folder of a model of yours.", show_default=False)
    ],
    name: Annotated[str, typer.Argument(help="What the style is called.", show_default=False)],
    photos: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PHOTO", help="Photos in that style.", show_default=False),
    ] = None,
    strength: Annotated[
        float,
        typer.Option(min=0.0, help="Above 1: further from the middle of all styles than the mean."),
    ] = 1.0,
    remove: Annotated[bool, typer.Option("--remove", help="Take the style out.")] = False,
) -> None:
    """Name a style: the mean of what the model reads in photos.

    It is kept in the model's folder, and `sinopia paint --style NAME` and the
    studio offer it. A run that goes on writes its model anew, without styles.

    \b
    Examples:
      sinopia models style runs/coast/model dusk evening1.jpg evening2.jpg
      sinopia models style runs/coast/model fog photos/fog/*.jpg --strength 1.5
      sinopia models style runs/coast/model dusk --remove
    """
    import numpy as np

    from sinopia.inference.synthesizer import load_synthesizer
    from sinopia.scene.image import read_image
    from sinopia.zoo.catalog import find_model, shipped_models
    from sinopia.zoo.manifest import add_style, remove_style

    folder = find_model(model)
    if folder in shipped_models().values():
        raise RequestError(
            f"{model} came with sinopia, and its folder goes when sinopia is upgraded: copy "
            f"{folder} and name styles of the copy."
        )
    if remove == bool(photos):
        raise RequestError("give photos to name a style, or --remove to take one out.")
    if not photos:
        remove_style(folder, name)
        typer.echo(f"{folder} has no style {name!r} any more.")
        return
    synthesizer = load_synthesizer(folder)
    codes = np.stack([synthesizer.encode_style(read_image(path)) for path in photos])
    add_style(folder, name, codes.mean(axis=0) * np.float32(strength))
    typer.echo(f"{folder} has a style {name!r}. Paint with it: --style {name}")


@app.command()
def pull(
    name: Annotated[
        str, typer.Argument(help="A weight file that `models list` shows.", show_default=False)
    ],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Take this local file instead of downloading."),
    ] = None,
) -> None:
    """Fetch a published weight file, check it, and keep it where training finds it.

    Nothing is ever fetched but by this command.

    \b
    Examples:
      sinopia models pull vgg19
      sinopia models pull vgg19 --from ~/Downloads/vgg19-dcbb9e9d.pth
      SINOPIA_HOME=/data/sinopia sinopia models pull vgg19
    """
    from sinopia.zoo.catalog import WEIGHT_FILES, find_weight_file
    from sinopia.zoo.download import copy_file, download_file

    if name not in WEIGHT_FILES:
        raise ModelError(f"no weight file {name!r}; there is {', '.join(WEIGHT_FILES)}.")
    file = WEIGHT_FILES[name]
    present = find_weight_file(name)
    if present is not None:
        typer.echo(f"{name} is already at {present}; remove it to fetch it again.")
        return
    typer.echo(f"{file.description}")
    typer.echo(f"{_megabytes(file.num_bytes)}, licence {file.licence}")
    typer.echo(f"from {source if source is not None else file.url}")

    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), DownloadColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task(name, total=file.num_bytes)

        def report(num_bytes: int) -> None:
            progress.update(task, completed=num_bytes)

        if source is not None:
            target = copy_file(file, source, report=report)
        else:
            target = download_file(file, report=report)
    typer.echo(f"kept as {target}")


def _size(config: dict[str, Any]) -> str:
    return "x".join(str(side) for side in config.get("size_hw", ("?",)))


def _megabytes(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:.1f} MB"


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
