"""How fast SPADE trains with label and with dense conditions, as ratios within one run.

    python benchmarks/bench_spade.py [--large] [--maps FOLDER] [--threads 2] [--write FOLDER]

Rows are whole steps of the `scenery` recipe (discriminator and generator, no perceptual network,
random weights) at 64x64, 128x128 and, with --large, 256x256. What one picture costs is measured by
`sinopia bench`.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sinopia.data.procedural import ProceduralScenes
from sinopia.files import write_text
from sinopia.inference.benchmark.machine import describe_machine
from sinopia.inference.benchmark.report import markdown_table
from sinopia.inference.benchmark.strokes import block_share
from sinopia.inference.benchmark.timing import Row, Step, medians, num_threads, time_in_turns
from sinopia.inference.device import find_device
from sinopia.nn.precision import Precision, autocast
from sinopia.nn.spade import DenseCondition, LabelCondition
from sinopia.recipes.pretrained import NOTHING
from sinopia.recipes.shipped import scenery
from sinopia.scene.batch import SceneBatch, images_to_tensor
from sinopia.scene.label_map import read_index_image, resize_nearest
from sinopia.scene.vocabulary import UNLABELED
from sinopia.training.config import TrainConfig
from sinopia.training.objectives.guidance import Guidance
from sinopia.training.run import build_objective

BASELINE = "dense fp32"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the tables if asked."""
    parser = argparse.ArgumentParser(description="Training steps: label against dense.")
    parser.add_argument("--large", action="store_true", help="also 256x256")
    parser.add_argument("--maps", type=Path, help="folder of index PNGs [procedural scenes]")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="also write a results file")
    options = parser.parse_args(arguments)
    if options.maps and not any(options.maps.glob("*.png")):
        parser.error(f"--maps: no PNG in {options.maps}")
    device = find_device(options.device)
    with num_threads(options.threads):
        machine = describe_machine(device)
        lines = [
            "# SPADE training: label against dense conditions",
            "",
            machine.to_text(),
            "",
            f"Maps: {options.maps.name if options.maps else 'procedural scenes'}; whole steps, "
            f"medians of {options.rounds} rounds in which the rows take turns.",
        ]
        for side in (64, 128, 256) if options.large else (64, 128):
            lines += bench_training(
                side,
                maps=options.maps,
                batch_size=options.batch_size,
                rounds=options.rounds,
                device=device,
            )
    text = "\n".join(lines) + "\n"
    print(text)
    if options.write:
        write_text(options.write / f"{machine.date}-training-{device.type}.md", text)


def bench_training(
    side: int, *, maps: Path | None, batch_size: int, rounds: int, device: torch.device
) -> list[str]:
    """The table of one size, as lines."""
    config = recipe(side, batch_size)
    batch = scenes(maps, config).to(device)
    rows: dict[str, Row] = {}
    for precision in ("fp32", "bf16"):
        for kind in ("dense", "label"):
            rows[f"{kind} {precision}"] = training_row(kind, precision, config, batch)
    seconds = medians(time_in_turns(rows, rounds=rounds, device=device))
    condition = config.model.condition(batch.label_ids)
    share = block_share(condition, config.model.kernel_size)
    table = [
        (name, f"{batch_size / value:.2f}", f"{seconds[BASELINE] / value:.2f}x")
        for name, value in seconds.items()
    ]
    return [
        "",
        f"## {side}x{side}, batch {batch_size}; distinct blocks {share:.1%} of the pixels",
        "",
        markdown_table(("condition", "images/s", "ratio"), table),
    ]


def recipe(side: int, batch_size: int) -> TrainConfig:
    """The recipe `scenery` for pictures of that side."""
    config = scenery("", NOTHING)
    size_hw = (side, side)
    return dataclasses.replace(
        config,
        model=dataclasses.replace(config.model, size_hw=size_hw),
        preprocess=dataclasses.replace(config.preprocess, size_hw=size_hw, load_size=side),
        batch_size=batch_size,
    )


def scenes(maps: Path | None, config: TrainConfig) -> SceneBatch:
    """A batch of procedural scenes; with maps of a folder, if one is given, in place of theirs."""
    size_hw = config.model.size_hw
    drawn = [ProceduralScenes(size_hw)[index] for index in range(config.batch_size)]
    ids = [scene.label_map.ids for scene in drawn]
    if maps is not None:
        files = sorted(maps.glob("*.png"))
        chosen = (files[index % len(files)] for index in range(config.batch_size))
        ids = [resize_nearest(read_index_image(path), size_hw) for path in chosen]
    known = np.stack(ids).astype(np.int64)
    known = np.where(known == UNLABELED, UNLABELED, known % config.model.num_classes)
    images = [scene.image for scene in drawn if scene.image is not None]
    return SceneBatch(torch.as_tensor(known), images_to_tensor(images))


class Densely(nn.Module):
    """A generator that is given label conditions and convolves their one-hot maps."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, condition: LabelCondition, style: Tensor, noise: Sequence[Tensor]) -> Tensor:
        """Pictures (B, 3, H, W)."""
        return self.generator(DenseCondition(condition.dense_at(condition.size_hw)), style, noise)


def training_row(kind: str, precision: Precision, config: TrainConfig, batch: SceneBatch) -> Row:
    """One step of discriminator and generator; the weights change from round to round."""
    device = batch.label_ids.device
    objective = build_objective(config, Guidance(config.guidance, batch_size=config.batch_size))
    networks = {**objective.generators, **objective.discriminators}
    for network in networks.values():
        network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizers = [
        torch.optim.Adam(network.parameters(), lr=1e-4, fused=True) for network in networks.values()
    ]
    if kind == "dense":
        objective.wrap({**networks, "generator": Densely(networks["generator"])})
    draws = torch.Generator().manual_seed(0)

    def backward(losses: dict[str, Tensor]) -> None:
        torch.stack([loss.float() for loss in losses.values()]).sum().backward()

    def step() -> None:
        with autocast(precision, device):
            synthesis = objective.synthesize(batch, draws)
            losses = objective.discriminator_losses(batch, synthesis, draws)
        backward(losses)
        with autocast(precision, device):
            losses = objective.generator_losses(batch, synthesis, draws)
        backward(losses)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return lambda _: [Step(step)]


if __name__ == "__main__":
    main()
