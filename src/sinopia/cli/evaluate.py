"""`sinopia evaluate`: numbers for models, with everything that has to be said beside them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
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
        typer.Option(
            metavar="DIR", help="Folder for results.json and report.html, or for a study."
        ),
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
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Pictures of each map: for the diversity [default: 2], or in a study [default: "
            "1].",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 0,
    precision: Annotated[
        PrecisionChoice, typer.Option(help="Numbers that the models compute with.")
    ] = PrecisionChoice.fp32,
    device: Annotated[str, typer.Option(help="Where to compute: cpu or cuda.")] = "cpu",
    study: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            help="Instead of numbers, a page that asks people which of two models' pictures looks "
            "more like a photo, without telling whose is whose; of 40 maps, unless --limit says "
            "another number.",
            show_default=False,
        ),
    ] = None,
    study_scores: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Count the --votes for the study in this folder.",
            show_default=False,
        ),
    ] = None,
    votes: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="What a person saved at the end of the page; may be given several times.",
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the protocols and stop.")] = False,
) -> None:
    """Measure models on maps and photos that they have not seen.

    Every number is written with its protocol, counts, hashes and warnings.
    Or ask people (--study), and count their votes (--study-scores).

    \b
    Examples:
      sinopia evaluate scenery --data landscapes/ --segmenter judge/ --out report
      sinopia evaluate runs/b/model --compare runs/a/model --data streets/ --out report
      sinopia evaluate --study runs/a/model runs/b/model --data streets/ --out study
    """
    if list_:
        _print_protocols()
        return
    judges = {
        "MODEL": bool(model),
        "--compare": bool(compare),
        "--inception": inception is not None,
        "--segmenter": segmenter is not None,
        "--weights": weights is not None,
    }
    if study_scores is not None or votes:
        from sinopia.cli.study import refuse_beside, run_study_scores

        if study_scores is None:
            raise ConfigError(
                "expected --study-scores DIR beside --votes: the folder of study_key.json."
            )
        paints = {
            "--study": study is not None,
            "--data": data is not None,
            "--out": out is not None,
            "--protocol": protocol != DEFAULT_PROTOCOL,
            "--limit": limit is not None,
            "--seeds": seeds is not None,
            "--seed": seed != 0,
            "--device": device != "cpu",
            "--precision": precision is not PrecisionChoice.fp32,
        }
        refuse_beside(
            "--study-scores", judges | paints, reason="it paints nothing and takes only --votes"
        )
        run_study_scores(study_scores, votes or [])
        return

    from sinopia.metrics.protocols import find_protocol

    if study is not None:
        from sinopia.cli.study import print_study, refuse_beside
        from sinopia.inference.evaluation.study import NUM_MAPS, StudyPlan, make_study

        refuse_beside("--study", judges, reason="it names both models, and people are the judges")
        if data is None or out is None:
            raise ConfigError(
                "expected --data DIR and --out DIR, as in: sinopia evaluate --study A B --data "
                "landscapes/ --out study."
            )
        study_plan = StudyPlan(
            models=study,
            data=data,
            protocol=find_protocol(protocol),
            num_maps=NUM_MAPS if limit is None else limit,
            num_seeds=1 if seeds is None else seeds,
            seed=seed,
            device=device,
            precision=precision.value,
        )
        with _progress() as on_step:
            files = make_study(study_plan, out, on_step=on_step)
        print_study(files)
        return
    if not model or data is None or out is None:
        raise ConfigError(
            "expected a model, --data DIR and --out DIR, as in: sinopia evaluate scenery --data "
            "landscapes/ --out report."
        )
    from sinopia.inference.evaluation.evaluate import EvaluationPlan

    plan = EvaluationPlan(
        models=(model, *(compare or ())),
        data=data,
        protocol=find_protocol(protocol),
        num_seeds=2 if seeds is None else seeds,
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
    from sinopia.inference.evaluation.evaluate import run_evaluation

    with _progress() as on_step:
        return run_evaluation(plan, on_step=on_step)


@contextmanager
def _progress() -> Generator[Callable[[str, int, int], None]]:
    """A bar on the error stream, which vanishes when done; nothing in a pipe."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("loading", total=None)

        def on_step(what: str, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, description=what)

        yield on_step


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
