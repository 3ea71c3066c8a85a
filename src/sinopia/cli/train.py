"""`sinopia train`: a recipe by name, or a folder of one's own pairs."""

from __future__ import annotations

import dataclasses
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
            help="Folder of pretrained networks (vgg19-dcbb9e9d.pth, squeezenet1_1/ and lpips/, "
            "squeezenet1_0/) "
            "[default: where `sinopia models pull` puts them].",
            show_default=False,
        ),
    ] = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Name or folder of a model to begin with. A folder's run then takes the model's "
            "networks and size; a recipe keeps its own, which must have the same widths.",
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
      sinopia train my-pairs/ --start-from scenery --images 20000
      sinopia train gaugan_cityscapes --data cityscapes/ --set batch_size=4 --dry-run
    """
    if list_:
        _print_recipes()
        return
    if not recipe:
        raise ConfigError("expected a recipe or a folder; `sinopia train --list` shows recipes.")
    if device not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"--device: expected auto, cpu or cuda, got {device!r}.")
    config = _resolve(recipe, data=data, weights=weights, start_from=start_from)
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
    if not is_segmenter and config.guidance.perceptual is None and is_first:
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
    recipe: str, *, data: Path | None, weights: Path | None, start_from: str | None
) -> TrainConfig | SegmenterTrainConfig:
    from sinopia.recipes.catalog import RECIPES, find_recipe
    from sinopia.recipes.folder import folder_run, take_networks
    from sinopia.recipes.pretrained import NOTHING, find_pretrained
    from sinopia.training.config import TrainConfig
    from sinopia.zoo.catalog import weights_folder

    if weights is not None and not weights.is_dir():
        raise ConfigError(f"--weights: {weights} is not a folder.")
    pretrained = find_pretrained(weights or weights_folder())
    if weights is not None and pretrained == NOTHING:
        raise ConfigError(
            f"--weights: {weights} holds no network that can be used: expected "
            f"vgg19-dcbb9e9d.pth or squeezenet1_1/features.safetensors in it."
        )
    if recipe not in RECIPES and Path(recipe).is_dir():
        if data is not None:
            raise ConfigError("--data goes with a recipe; here the folder itself is the data set.")
        run = folder_run(recipe, pretrained)
        return run if start_from is None else take_networks(run, start_from)
    found = find_recipe(recipe)
    if found.layout is not None and data is None:
        raise ConfigError(f"recipe {recipe!r} needs --data DIR with {found.layout}.")
    if found.layout is None and data is not None:
        raise ConfigError(f"recipe {recipe!r} draws its own scenes; leave --data out.")
    config = found.build(str(data), pretrained)
    if start_from is None:
        return config
    if not isinstance(config, TrainConfig):
        raise ConfigError(f"--start-from: recipe {recipe!r} trains a segmenter; leave it out.")
    return dataclasses.replace(config, start_from=start_from)


def _print_recipes() -> None:
    from sinopia.recipes.catalog import RECIPES

    for name, each in RECIPES.items():
        typer.echo(f"{name:18} {each.summary}")
        typer.echo(f"{'':18} data: {each.layout or 'none needed'}")


def _check_device(device: str) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: torch finds no CUDA device here; use --device cpu.")
