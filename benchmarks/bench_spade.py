"""How fast SPADE trains and paints with label and with dense conditions, as ratios within one run.

    python benchmarks/bench_spade.py [--maps FOLDER] [--threads 2] [--write benchmarks/results]

The rows of one table are measured in turns, so that a change of the machine's load touches all of
them alike; a time is the median. Training rows are whole steps of the `scenery` recipe
(discriminator and generator, no perceptual network, random weights). Paint rows are a generator of
COCO-Stuff size with random weights: 184 condition channels, 97.5 million weights, 256x256, one
picture.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from sinopia.data.procedural import ProceduralScenes
from sinopia.inference.engine import SpadeEngine
from sinopia.models.spade import SpadeConfig, SpadeGenerator
from sinopia.nn.precision import Precision, autocast
from sinopia.nn.spade import DenseCondition, LabelCondition
from sinopia.recipes.gaugan import scenery
from sinopia.scene.batch import SceneBatch
from sinopia.scene.image import resize_image
from sinopia.scene.label_map import read_index_image, resize_nearest
from sinopia.scene.vocabulary import UNLABELED
from sinopia.training.objectives.gaugan import GauganObjective, Synthesis
from sinopia.training.run import build_objective

CPU = torch.device("cpu")


def main() -> None:
    """Measure, print, and write the table if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maps", type=Path, help="folder of index PNGs [procedural scenes]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="also write a results file")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    lines = [
        "# SPADE: label against dense conditions",
        "",
        f"{datetime.date.today()}, {_processor()}, {arguments.threads} threads, "
        f"torch {torch.__version__}, commit {_commit()}, "
        f"maps: {arguments.maps.name if arguments.maps else 'procedural scenes'}, "
        f"median of {arguments.rounds} rounds.",
        "",
    ]
    lines += bench_training(arguments.maps, arguments.batch_size, arguments.rounds)
    lines += bench_painting(arguments.maps, arguments.rounds)
    text = "\n".join(lines)
    print(text)
    if arguments.write:
        path = arguments.write / f"{datetime.date.today()}-spade.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def bench_training(maps: Path | None, batch_size: int, rounds: int) -> list[str]:
    """Images per second of whole training steps at 128x128."""
    batch = _batch(maps, num_classes=8, count=batch_size, size_hw=(128, 128))
    rows: dict[str, Callable[[], object]] = {}
    for precision in ("fp32", "bf16"):
        for kind in ("dense", "label"):
            rows[f"{kind} {precision}"] = _training_step(kind, precision, batch)
    seconds = _measure(rows, rounds)
    baseline = seconds["dense fp32"]
    condition = LabelCondition(batch.label_ids, num_classes=8, has_unlabeled=False)
    share = condition.neighborhoods_at((128, 128), 3).share
    return [
        f"## Training step, 128x128, batch {batch_size}; distinct blocks {share:.1%} of the pixels",
        "",
        "| condition | images/s | ratio to dense fp32 |",
        "|---|---|---|",
        *(
            f"| {name} | {batch_size / value:.2f} | {baseline / value:.2f} |"
            for name, value in seconds.items()
        ),
        "",
    ]


def bench_painting(maps: Path | None, rounds: int) -> list[str]:
    """Milliseconds of one picture at 256x256."""
    batch = _batch(maps, num_classes=182, count=1, size_hw=(256, 256))
    torch.manual_seed(0)
    generator = SpadeGenerator(SpadeConfig(num_classes=182, has_instance_edges=True)).eval()
    edges = torch.zeros(1, 1, 256, 256)
    condition = generator.condition(batch.label_ids, edges)
    share = condition.neighborhoods_at((256, 256), 3).share

    def dense(precision: Precision, layout: torch.memory_format) -> Callable[[], object]:
        def once() -> object:
            generator.to(memory_format=layout)  # type: ignore[call-overload]
            what = DenseCondition(condition.dense_at((256, 256)))
            start = time.perf_counter()
            with torch.inference_mode(), autocast(precision, CPU):
                generator(what)
            return time.perf_counter() - start

        return once

    def engine(precision: Precision, *, new_map: bool) -> Callable[[], object]:
        painter = SpadeEngine(generator, precision=precision)
        painter.set_map(condition)

        def once() -> object:
            start = time.perf_counter()
            if new_map:
                painter.set_map(generator.condition(batch.label_ids, edges))
            painter.paint()
            return time.perf_counter() - start

        return once

    rows = {
        "dense fp32, as published": dense("fp32", torch.contiguous_format),
        "dense bf16, channels last": dense("bf16", torch.channels_last),
        "engine fp32, new map": engine("fp32", new_map=True),
        "engine bf16, new map": engine("bf16", new_map=True),
        "engine fp32, same map": engine("fp32", new_map=False),
        "engine bf16, same map": engine("bf16", new_map=False),
    }
    seconds = _measure(rows, rounds)
    baseline = seconds["dense fp32, as published"]
    return [
        f"## One picture, COCO-Stuff size, 256x256; distinct blocks {share:.1%} of the pixels",
        "",
        "| condition | ms | ratio to dense fp32 |",
        "|---|---|---|",
        *(
            f"| {name} | {1000 * value:.0f} | {baseline / value:.2f} |"
            for name, value in seconds.items()
        ),
        "",
    ]


class _DenseObjective:
    """The GauGAN objective with dense maps for the generator: the plain twin of training."""

    def __init__(self, objective: GauganObjective) -> None:
        self._objective = objective

    def synthesize(self, batch: SceneBatch, draws: torch.Generator) -> Synthesis:
        objective = self._objective
        label = objective.condition(batch)
        dense = DenseCondition(label.dense_at(batch.size_hw))
        mean, log_variance = objective.generators["encoder"](batch.images)
        fake = objective.generators["generator"](dense, mean.float())
        return Synthesis(fake, label, mean.float(), log_variance.float())


def _training_step(kind: str, precision: Precision, batch: SceneBatch) -> Callable[[], object]:
    config = dataclasses.replace(scenery("", None), batch_size=len(batch))
    objective = build_objective(config, CPU)
    networks = {**objective.generators, **objective.discriminators}
    for network in networks.values():
        network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizers = [
        torch.optim.Adam(network.parameters(), lr=1e-4, fused=True) for network in networks.values()
    ]
    synthesize = _DenseObjective(objective).synthesize if kind == "dense" else objective.synthesize
    draws = torch.Generator().manual_seed(0)

    def once() -> object:
        start = time.perf_counter()
        with autocast(precision, CPU):
            synthesis = synthesize(batch, draws)
            losses = objective.discriminator_losses(batch, synthesis, draws)
        torch.stack(list(losses.values())).sum().backward()
        with autocast(precision, CPU):
            losses = objective.generator_losses(batch, synthesis, draws)
        torch.stack([loss.float() for loss in losses.values()]).sum().backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return time.perf_counter() - start

    return once


def _measure(rows: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each row, the rows taking turns, after one warm-up each."""
    for run in rows.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, run in rows.items():
            value = run()
            assert isinstance(value, float), "a row returns its seconds"
            seconds[name].append(value)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _batch(
    maps: Path | None, *, num_classes: int, count: int, size_hw: tuple[int, int]
) -> SceneBatch:
    """Scenes with pictures, from a folder of index PNGs or drawn."""
    ids, images = zip(*list(_scenes(maps, count, size_hw)), strict=True)
    known = np.stack(ids).astype(np.int64)
    known = np.where(known == UNLABELED, UNLABELED, known % num_classes)
    pictures = np.stack([resize_image(image, size_hw) for image in images])
    return SceneBatch(
        torch.as_tensor(known),
        torch.as_tensor(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1,
    )


def _scenes(
    maps: Path | None, count: int, size_hw: tuple[int, int]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    scenes = ProceduralScenes(size_hw)
    files = sorted(maps.glob("*.png")) if maps else []
    for index in range(count):
        scene = scenes[index]
        ids = read_index_image(files[index % len(files)]) if files else scene.label_map.ids
        assert scene.image is not None, "procedural scenes have pictures"
        yield resize_nearest(ids, size_hw), scene.image


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (info.read_text().splitlines() if info.exists() else [])
        if line.startswith("model name")
    ]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
