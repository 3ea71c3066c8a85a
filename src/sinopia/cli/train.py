"""`sinopia train`: a recipe by name, or a folder of one's own pairs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinopia import config as configs
from sinopia.errors import ConfigError

if TYPE_CHECKING:
    from sinopia.training.config import SegmenterTrainConfig, TrainConfig

__all__ = ["train"]


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE|FOLDER",
            help="A recipe's name (--list shows them), or a folder with images, labels and "
            "vocabulary.json.",
        ),
    ] = "",
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The recipe's data set.", show_default=False)
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(min=1, help="How many images the run sees in all.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Run folder [default: runs/NAME].", show_default=False),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="A.B=C", help="Change a field of the run; may be given several times."
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of perceptual networks (vgg19-dcbb9e9d.pth, or squeezenet1_1/ and lpips/) "
            "[default: where `sinopia models pull` puts them].",
            show_default=False,
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the run's configuration and stop.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the recipes and stop.")] = False,
) -> None:
    """Train a model from pairs of label maps and photos; the same command again resumes a run.

    \b
    Examples:
      sinopia train gaugan_tiny --out runs/first-try
      sinopia train my-pairs/ --images 200000 --set model.base_channels=32
      sinopia train gaugan_cityscapes --data cityscapes/ --set batch_size=4 --dry-run
    """
    if list_:
        _print_recipes()
        return
    if not recipe:
        raise ConfigError("expected a recipe or a folder; `sinopia train --list` shows recipes.")
    if device not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"--device: expected auto, cpu or cuda, got {device!r}.")
    config = _resolve(recipe, data=data, weights=weights)
    total = [] if images is None else [f"images={images}"]
    config = configs.override(config, *(set_ or []), *total)
    if dry_run:
        typer.echo(json.dumps(configs.to_json(config), indent=1))
        return
    _check_device(device)

    from sinopia.training.config import SegmenterTrainConfig

    run = out or Path("runs") / config.name
    is_first = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun starts
    is_segmenter = isinstance(config, SegmenterTrainConfig)
    if not is_segmenter and config.objective.perceptual is None and is_first:
        typer.echo(
            "No perceptual network is at hand, so the run trains without a perceptual loss; "
            "pictures will be rougher. `sinopia models pull vgg19` fetches one, --weights names a "
            "folder.",
            err=True,
        )

    from sinopia.training.run import train as train_run

    result = train_run(config, run, device=device)
    if result.is_complete and is_first:
        typer.echo(f"{result.images_seen} images seen. Model: {run / 'model'}")
        if is_segmenter:
            typer.echo(f"Judge with it: sinopia evaluate MODEL --segmenter {run / 'best'} ...")
        else:
            typer.echo(
                f"Paint with it: sinopia paint MAP.png --model {run / 'model'} --out pictures"
            )


def _resolve(
    recipe: str, *, data: Path | None, weights: Path | None
) -> TrainConfig | SegmenterTrainConfig:
    from sinopia.recipes.catalog import RECIPES, find_recipe
    from sinopia.recipes.folder import folder_run
    from sinopia.recipes.perceptual import find_perceptual
    from sinopia.zoo.catalog import weights_folder

    if weights is not None and not weights.is_dir():
        raise ConfigError(f"--weights: {weights} is not a folder.")
    perceptual = find_perceptual(weights or weights_folder())
    if weights is not None and perceptual is None:
        raise ConfigError(
            f"--weights: {weights} holds no perceptual network that can be used: expected "
            f"vgg19-dcbb9e9d.pth or squeezenet1_1/features.safetensors in it."
        )
    if recipe not in RECIPES and Path(recipe).is_dir():
        if data is not None:
            raise ConfigError("--data goes with a recipe; here the folder itself is the data set.")
        return folder_run(recipe, perceptual)
    found = find_recipe(recipe)
    if found.layout is not None and data is None:
        raise ConfigError(f"recipe {recipe!r} needs --data DIR with {found.layout}.")
    if found.layout is None and data is not None:
        raise ConfigError(f"recipe {recipe!r} draws its own scenes; leave --data out.")
    return found.build(str(data), perceptual)


def _print_recipes() -> None:
    from sinopia.recipes.catalog import RECIPES

    for name, each in RECIPES.items():
        typer.echo(f"{name:18} {each.summary}")
        typer.echo(f"{'':18} data: {each.layout or 'none needed'}")


def _check_device(device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: torch finds no CUDA device here; use --device cpu.")
