"""`sinopia evaluate`: numbers for models, with everything that has to be said beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinopia.cli.paint import PrecisionChoice
from sinopia.errors import ConfigError

if TYPE_CHECKING:
    from sinopia.inference.evaluation.evaluate import EvaluationPlan
    from sinopia.inference.evaluation.gallery import Gallery
    from sinopia.inference.evaluation.results import EvaluationResult

__all__ = ["evaluate"]

DEFAULT_PROTOCOL = "validation"


def evaluate(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="Name or folder of the model.", show_default=False),
    ] = "",
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of val/images, val/labels and vocabulary.json, or of one part alone.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for results.json and report.html."),
    ] = None,
    protocol: Annotated[
        str, typer.Option(metavar="NAME", help="The way of measuring (--list shows them).")
    ] = DEFAULT_PROTOCOL,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Another model on the same maps and seeds; may be given several times.",
        ),
    ] = None,
    inception: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="pt_inception-2015-12-05-6726825d.pth, for FID and KID.",
            show_default=False,
        ),
    ] = None,
    segmenter: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DIR|FILE",
            help="A segmenter's model folder, or a .json file that maps the classes of a "
            "torchvision network, for mIoU and pixel accuracy.",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with squeezenet1_0/, for distances on its features and diversity "
            "[default: where `sinopia models pull` puts files].",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=2, help="At most so many maps, evenly spread.", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Pictures of each map, for the diversity.")] = 2,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 0,
    precision: Annotated[
        PrecisionChoice, typer.Option(help="Numbers that the models compute with.")
    ] = PrecisionChoice.fp32,
    device: Annotated[str, typer.Option(help="Where to compute: cpu or cuda.")] = "cpu",
    list_: Annotated[bool, typer.Option("--list", help="List the protocols and stop.")] = False,
) -> None:
    """Measure models on maps and photos that they have not seen.

    Every number is written with its protocol, counts, hashes and warnings.

    \b
    Examples:
      sinopia evaluate scenery --data landscapes/ --segmenter judge/ --out report
      sinopia evaluate runs/b/model --compare runs/a/model --data streets/ --out report
      sinopia evaluate scenery --data landscapes/ --inception pt_inception.pth --out report
    """
    if list_:
        _print_protocols()
        return
    if not model or data is None or out is None:
        raise ConfigError(
            "expected a model, --data DIR and --out DIR, as in: sinopia evaluate scenery --data "
            "landscapes/ --out report."
        )
    from sinopia.inference.evaluation.evaluate import EvaluationPlan
    from sinopia.metrics.protocols import find_protocol

    plan = EvaluationPlan(
        models=(model, *(compare or ())),
        data=data,
        protocol=find_protocol(protocol),
        num_seeds=seeds,
        seed=seed,
        limit=limit,
        inception=inception,
        segmenter=segmenter,
        weights=weights,
        device=device,
        precision=precision.value,
    )
    out.mkdir(parents=True, exist_ok=True)  # what cannot be written is found out now
    result, gallery = _run(plan)

    from sinopia.inference.evaluation.report import write_report
    from sinopia.inference.evaluation.results import write_results

    path_results = write_results(out, result)
    path_report = write_report(out, result, gallery)
    _print_result(result)
    typer.echo(f"wrote {path_results} and {path_report}")


def _run(plan: EvaluationPlan) -> tuple[EvaluationResult, Gallery]:
    from rich.console import Console
    from rich.progress import Progress

    from sinopia.inference.evaluation.evaluate import run_evaluation

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("loading", total=None)

        def on_step(what: str, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, description=what)

        return run_evaluation(plan, on_step=on_step)


def _print_protocols() -> None:
    from sinopia.metrics.protocols import PROTOCOLS

    for each in PROTOCOLS.values():
        typer.echo(f"{each.name}\n    {each.description}")


def _print_result(result: EvaluationResult) -> None:
    for model in result.models:
        typer.echo(model.name)
        for each in model.measurements:
            typer.echo(f"  {each.name:28} {each.value:.4f}")
        if model.agreement is None:
            continue
        for title, scores in (
            ("ignored", model.agreement.ignored),
            ("counted", model.agreement.counted),
        ):
            if scores.mean_iou is not None and scores.pixel_accuracy is not None:
                typer.echo(f"  {f'mIoU, unlabeled {title}':28} {scores.mean_iou:.4f}")
                typer.echo(f"  {f'accuracy, unlabeled {title}':28} {scores.pixel_accuracy:.4f}")
    warnings = list(result.warnings)
    for model in result.models:
        for each in model.measurements:
            warnings += [f"{each.name}: {text}" for text in each.warnings]
    for warning in dict.fromkeys(warnings):
        typer.echo(f"warning: {warning}", err=True)
