"""What each option of training is worth: variants under an equal budget, one table.

    python benchmarks/ablation.py --landscape DIR --camvid DIR --weights DIR --out runs/ablation

For each data set it trains a judge, a teacher and the variants of `VARIANTS`, all with the same
budget; it evaluates them on the validation maps, and writes docs/ablation.md, which ends with
ablation_notes.md. What lies finished in --out is not trained again, so that a run which was stopped
goes on where it was; with --finished the table is made of that alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ablation_table import Row, write_table
from ablation_variants import VARIANTS, Variant, configure
from painted_maps import paint
from sinopia import config as configs
from sinopia import load
from sinopia.data.dataset import DatasetConfig
from sinopia.data.transforms import PreprocessConfig
from sinopia.inference.benchmark.machine import describe_machine
from sinopia.inference.device import find_device
from sinopia.inference.evaluation.evaluate import EvaluationPlan, run_evaluation
from sinopia.inference.evaluation.report import write_report
from sinopia.inference.evaluation.results import (
    RESULTS_FILE,
    EvaluationResult,
    write_results,
)
from sinopia.metrics.protocols import find_protocol
from sinopia.metrics.segmentation import confusion_matrix, score_segmentation
from sinopia.models.spade import (
    SpadeConfig,
    SpadeDiscriminatorConfig,
    SpadeEncoder,
    SpadeEncoderConfig,
    SpadeGenerator,
)
from sinopia.recipes.pretrained import Pretrained, find_pretrained
from sinopia.recipes.segmenter import judge, judge_camvid, teacher, teacher_camvid
from sinopia.scene import LabelMap, Vocabulary
from sinopia.scene.batch import images_to_tensor
from sinopia.training.config import (
    OptimizerConfig,
    ScheduleConfig,
    SegmenterTrainConfig,
    TrainConfig,
)
from sinopia.training.run import train
from sinopia.training.state import newest_checkpoint, restore_state
from sinopia.zoo.checkpoint import Model, load_model, save_model
from sinopia.zoo.manifest import read_manifest
from sinopia.zoo.segmenters import load_segmenter

_SEED = 0
_JUDGE_IMAGES = 16_000
_NUM_PAINTED = 60
_NOTES = Path(__file__).with_name("ablation_notes.md")


@dataclass(frozen=True)
class Task:
    """One data set, and the size that it is painted at."""

    name: str
    root: Path
    kind: str
    num_classes: int
    size_hw: tuple[int, int]
    judge: Callable[[str, Pretrained], SegmenterTrainConfig]
    teacher: Callable[[str, Pretrained], SegmenterTrainConfig]
    paint: Callable[[Vocabulary, tuple[int, int], int], LabelMap] | None = None
    """Draws maps of these classes by hand, as it were."""


def main() -> None:
    arguments = _arguments()
    pretrained = find_pretrained(arguments.weights)
    rows: list[Row] = []
    for task in _tasks(arguments):
        rows += _run_task(task, arguments, pretrained)
    if arguments.table is not None:
        machine = describe_machine(find_device("cpu"))
        notes = _NOTES.read_text(encoding="utf-8")
        write_table(arguments.table, rows, images=arguments.images, machine=machine, notes=notes)


def _tasks(arguments: argparse.Namespace) -> list[Task]:
    tasks = []
    if arguments.landscape is not None:
        root = Path(arguments.landscape)
        tasks.append(Task("landscape", root, "folder", 8, (96, 96), judge, teacher, paint))
    if arguments.camvid is not None:
        root = Path(arguments.camvid)
        tasks.append(Task("camvid", root, "camvid", 11, (96, 128), judge_camvid, teacher_camvid))
    return tasks


def _run_task(task: Task, arguments: argparse.Namespace, pretrained: Pretrained) -> list[Row]:
    out = Path(arguments.out) / task.name
    segmenters = {}
    for role, recipe in (("judge", task.judge), ("teacher", task.teacher)):
        config = replace(
            recipe(str(task.root), pretrained),
            preprocess=_preprocess(task),
            images=_JUDGE_IMAGES,
        )
        _train(config, out / role, arguments)
        segmenters[role] = out / role / "best"
    rows = []
    published = _published(task, arguments.images)
    for variant in VARIANTS:
        if arguments.only and variant.name not in arguments.only:
            continue
        if arguments.finished and not (out / "reports" / variant.name / RESULTS_FILE).is_file():
            continue
        config = configure(variant, published, pretrained, segmenters["teacher"])
        is_another_run = variant.base is None or variant.change is not None
        run = out / (variant.name if is_another_run else str(variant.base))
        _train(config, run, arguments)
        model = run / "model" if variant.has_average else _latest_weights(run)
        result = _evaluate(model, task, out, variant.name, segmenters["judge"], arguments.weights)
        rows.append(
            _row(
                variant,
                result,
                task=task,
                seconds=_seconds(run),
                painted=_painted_agreement(task, model, segmenters["judge"]),
            )
        )
    return rows


def _train(
    config: TrainConfig | SegmenterTrainConfig, run: Path, arguments: argparse.Namespace
) -> None:
    if not train(config, run, device=arguments.device).is_complete:
        raise SystemExit("stopped; the same command goes on from there")


def _preprocess(task: Task) -> PreprocessConfig:
    return PreprocessConfig(load_size=round(1.12 * min(task.size_hw)), size_hw=task.size_hw)


def _published(task: Task, images: int) -> TrainConfig:
    """GauGAN's own losses on small networks; the average of the weights is kept beside them."""
    return TrainConfig(
        name="ablation",
        dataset=DatasetConfig(task.kind, str(task.root)),  # type: ignore[arg-type]
        validation=DatasetConfig(task.kind, str(task.root), split="val"),  # type: ignore[arg-type]
        model=SpadeConfig(
            num_classes=task.num_classes,
            size_hw=task.size_hw,
            base_channels=32,
            channel_multipliers=(8, 8, 8, 8, 4, 2, 1),
            hidden_channels=64,
            style_dim=64,
            encoder=SpadeEncoderConfig(base_channels=32, input_size=128),
        ),
        preprocess=_preprocess(task),
        discriminator=SpadeDiscriminatorConfig(base_channels=32),
        # the published rate is for batches of 32; it leaves a short run far behind
        optimizer=OptimizerConfig(generator_lr=2e-4, discriminator_lr=4e-4),
        schedule=ScheduleConfig(
            report_every=200, preview_every=images, measure_every=images, save_every=1_000
        ),
        images=images,
        batch_size=8,
        decay_from=0.6,
        average_half_life=500,
        seed=_SEED,
        num_workers=0,
    )


def _latest_weights(run: Path) -> Path:
    """A model folder beside the run's own, with the weights of the last step, not averaged."""
    folder = run / "latest"
    averaged = load_model(run / "model")
    checkpoint = newest_checkpoint(run / "checkpoints")
    assert checkpoint is not None and isinstance(averaged.config, SpadeConfig)
    networks: dict[str, nn.Module] = {"generator": SpadeGenerator(averaged.config)}
    encoder = averaged.config.encoder
    if encoder is not None and averaged.config.style_dim is not None:
        networks["encoder"] = SpadeEncoder(encoder, style_dim=averaged.config.style_dim)
    restore_state(checkpoint, networks=networks, optimizers={})
    model = Model("spade", averaged.config, averaged.vocabulary, networks, averaged.facts)
    save_model(folder, model, card="The weights of the last step, for comparison.\n")
    return folder


def _evaluate(
    model: Path, task: Task, out: Path, name: str, judge: Path, weights: str
) -> EvaluationResult:
    report = out / "reports" / name
    done = _finished(report, model=model, judge=judge)
    if done is not None:
        return done
    plan = EvaluationPlan(
        models=(str(model),),
        data=task.root,
        protocol=find_protocol("validation"),
        num_seeds=4,
        seed=_SEED,
        segmenter=str(judge),
        weights=Path(weights),
    )
    result, gallery = run_evaluation(plan, on_step=lambda what, done, total: None)
    report.mkdir(parents=True, exist_ok=True)
    write_results(report, result)
    write_report(report, result, gallery)
    return result


def _finished(report: Path, *, model: Path, judge: Path) -> EvaluationResult | None:
    """The result that lies there, if it is of these weights and this judge."""
    path = report / RESULTS_FILE
    if not path.is_file():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    result = configs.from_json(EvaluationResult, data, where=str(path))
    of_model, of_judge = (read_manifest(each).weights.sha256 for each in (model, judge))
    is_this = result.judge is not None and result.judge.weights_sha256 == of_judge
    return result if is_this and result.models[0].weights_sha256 == of_model else None


def _painted_agreement(task: Task, model: Path, judge: Path) -> float | None:
    """Mean IoU of what the judge reads in pictures of maps drawn by `painted_maps.py`."""
    if task.paint is None:
        return None
    painter = load(str(model))
    segmenter = load_segmenter(judge, vocabulary=painter.vocabulary, option="judge")
    count = len(painter.vocabulary)
    matrix = np.zeros((count + 1, count), np.int64)
    for seed in range(_NUM_PAINTED):
        label_map = task.paint(painter.vocabulary, task.size_hw, seed)
        painter.set_label_map(label_map)
        with torch.inference_mode():
            logits = segmenter(images_to_tensor([painter.synthesize(seed)]))
        read = logits.argmax(dim=1)[0].numpy()
        matrix += confusion_matrix(read, label_map.ids, num_classes=count)
    return score_segmentation(matrix, unlabeled="ignored").mean_iou


def _row(
    variant: Variant,
    result: EvaluationResult,
    *,
    task: Task,
    seconds: float,
    painted: float | None,
) -> Row:
    [measured] = result.models
    assert measured.agreement is not None and result.photos is not None
    pictures, photos = measured.agreement.ignored.mean_iou, result.photos.ignored.mean_iou
    assert pictures is not None and photos is not None, "the maps have labels"
    return Row(
        data=f"{task.name}, {task.size_hw[0]}x{task.size_hw[1]}",
        variant=variant.name,
        title=variant.title,
        seconds=seconds,
        distances={each.name: each.value for each in measured.measurements},
        agreement=pictures,
        agreement_of_photos=photos,
        painted_agreement=painted,
    )


def _seconds(run: Path) -> float:
    """Training time, from the last line of losses."""
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return float(json.loads(lines[-1])["seconds"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--landscape", help="folder of the landscapes (train, val)")
    parser.add_argument("--camvid", help="folder of CamVid (train, val)")
    parser.add_argument("--weights", required=True, help="folder of pretrained networks")
    parser.add_argument("--out", default="runs/ablation", help="folder of the runs")
    parser.add_argument("--images", type=int, default=4_000, help="images that each variant sees")
    parser.add_argument("--only", nargs="*", help="some variants, by name")
    parser.add_argument("--finished", action="store_true", help="train and evaluate nothing more")
    parser.add_argument("--table", type=Path, help="the table's file, such as docs/ablation.md")
    parser.add_argument("--device", default="auto")
    return parser.parse_args()


if __name__ == "__main__":
    main()
