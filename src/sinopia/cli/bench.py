"""`sinopia bench`: what a picture costs on this machine, the plain way and the engine's."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinopia.cli.paint import PrecisionChoice, find_maps, read_map
from sinopia.errors import RequestError
from sinopia.scene import Vocabulary

if TYPE_CHECKING:
    from sinopia.inference.benchmark.measure import BenchmarkResult
    from sinopia.inference.benchmark.rows import BenchmarkPlan
    from sinopia.inference.benchmark.subject import Subject

__all__ = ["PublishedSize", "bench"]


class PublishedSize(StrEnum):
    """Values of --size."""

    coco = "coco"
    ade = "ade"
    cityscapes = "cityscapes"


def bench(
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR", help="Name or folder of a model.", show_default=False),
    ] = None,
    size: Annotated[
        PublishedSize | None,
        typer.Option(
            help="Instead of a model: a published size with random weights.  [default: coco]",
            show_default=False,
        ),
    ] = None,
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Index PNGs whose values are class ids; by default procedural scenes.",
            show_default=False,
        ),
    ] = None,
    worst: Annotated[
        bool,
        typer.Option(
            "--worst", help="Maps with a class drawn for every pixel: the worst there is."
        ),
    ] = False,
    source_ids: Annotated[
        bool, typer.Option("--source-ids", help="Maps hold the data set's own numbers.")
    ] = False,
    image_size: Annotated[
        tuple[int, int] | None,
        typer.Option(
            metavar="H W",
            help="Height and width; by default those that the model is made for.",
            show_default=False,
        ),
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, help="How often each row is measured, each time on the next map.")
    ] = 5,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="By default as many as torch chooses.", show_default=False),
    ] = None,
    precision: Annotated[
        PrecisionChoice, typer.Option(help="Of new styles and strokes; auto: the faster one here.")
    ] = PrecisionChoice.auto,
    device: Annotated[str, typer.Option(help="Where to compute: cpu or cuda.")] = "cpu",
    memory: Annotated[
        bool,
        typer.Option("--memory/--no-memory", help="Peak memory, of a process of its own a row."),
    ] = True,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Also write the table there, as Markdown.", show_default=False
        ),
    ] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print JSON in place of the table.")
    ] = False,
) -> None:
    """Measure what a picture costs: time, work, error and memory, in one table.

    The rows of a table take turns, so its ratios are fair; times of two runs
    should not be compared.

    \b
    Examples:
      sinopia bench --threads 2
      sinopia bench --model scenery --maps maps/ --rounds 10
      sinopia bench --worst --rounds 2
      sinopia bench --size cityscapes --device cuda --write results
    """
    if model is not None and size is not None:
        raise RequestError("--model and --size both name what is measured: give one of them.")
    if worst and maps is not None:
        raise RequestError("--worst and --maps both say which maps are painted: give one of them.")
    if source_ids and maps is None:
        raise RequestError("--source-ids goes with --maps: procedural scenes have no such numbers.")
    if maps is not None and not maps.is_dir():
        raise RequestError(f"--maps: {maps} is not a folder.")

    from sinopia.inference.benchmark.report import to_json, to_markdown, write_report
    from sinopia.inference.benchmark.rows import BenchmarkPlan
    from sinopia.inference.benchmark.strokes import procedural_maps, random_maps
    from sinopia.inference.benchmark.timing import num_threads
    from sinopia.inference.device import find_device
    from sinopia.nn.precision import resolve_precision

    torch_device = find_device(device)
    subject, vocabulary = _published(size or PublishedSize.coco) if model is None else _model(model)
    size_hw = image_size or subject.config.size_hw
    try:
        subject.check_size(size_hw)
    except RequestError as error:  # which names the option of `sinopia paint`
        raise RequestError(str(error).replace("--size", "--image-size")) from None
    if worst:
        ids = random_maps(rounds, size_hw=size_hw, num_classes=len(vocabulary))
        maps_text = f"{rounds} with a class drawn for every pixel"
        subject = dataclasses.replace(subject, name=f"{subject.name} worst maps")
    elif maps is None:
        ids = procedural_maps(rounds, size_hw=size_hw, num_classes=len(vocabulary))
        maps_text = f"{rounds} procedural scenes"
    else:
        paths = find_maps([maps])
        maps_text = f"{min(rounds, len(paths))} of the {len(paths)} in {maps.name}"
        ids = [
            read_map(path, vocabulary, has_source_ids=source_ids).resized(size_hw).ids
            for path in paths[:rounds]
        ]
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)  # what cannot be written is found out now
    with num_threads(threads):
        numbers = resolve_precision(precision.value, torch_device)
    result = _measure(
        BenchmarkPlan(
            subject=subject,
            maps=tuple(ids),
            maps_text=maps_text,
            rounds=rounds,
            threads=threads,
            device=device,
            precision=numbers,
            measures_memory=memory,
        )
    )
    typer.echo(to_json(result) if json_ else to_markdown(result))
    if write is not None:
        path = write_report(write, result)
        typer.echo(f"wrote {path}", err=True)


def _model(name: str) -> tuple[Subject, Vocabulary]:
    from sinopia.inference.benchmark.subject import Subject
    from sinopia.zoo.catalog import find_model
    from sinopia.zoo.manifest import describe_model

    folder = find_model(name)
    return Subject.of_model(folder), describe_model(folder).vocabulary


def _published(size: PublishedSize) -> tuple[Subject, Vocabulary]:
    from sinopia.inference.benchmark.subject import Subject
    from sinopia.recipes.gaugan import gaugan_ade20k, gaugan_cityscapes, gaugan_coco
    from sinopia.recipes.pretrained import NOTHING

    recipe, vocabulary = {
        PublishedSize.coco: (gaugan_coco, "coco-stuff"),
        PublishedSize.ade: (gaugan_ade20k, "ade20k"),
        PublishedSize.cityscapes: (gaugan_cityscapes, "cityscapes"),
    }[size]
    config = recipe("", NOTHING).model
    return Subject(f"{vocabulary} size with random weights", config), Vocabulary.built_in(
        vocabulary
    )


def _measure(plan: BenchmarkPlan) -> BenchmarkResult:
    from rich.console import Console
    from rich.progress import Progress

    from sinopia.inference.benchmark.measure import count_steps, run_benchmark

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("building networks", total=count_steps(plan))

        def on_step(what: str) -> None:
            progress.update(task, advance=1, description=what)

        return run_benchmark(plan, on_step=on_step)
