"""The loop's arithmetic, accumulation, and every kind of run for a few steps."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import sinopia
from sinopia.data.loading import scene_batches
from sinopia.data.opening import open_dataset
from sinopia.errors import ConfigError, DatasetError, TrainingError
from sinopia.models.oasis import OasisDiscriminatorConfig
from sinopia.models.spade import SpadeConfig
from sinopia.recipes import find_recipe
from sinopia.recipes.common import early_discriminator
from sinopia.recipes.pretrained import NOTHING
from sinopia.scene import LabelMap
from sinopia.scene.batch import SceneBatch
from sinopia.training.config import TrainConfig
from sinopia.training.loop import (
    _is_due,
    _learning_rate_factor,
    _LossMeans,
    _parts,
    _train_step,
    fit,
)
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.objectives.guidance import Guidance
from sinopia.training.objectives.oasis import OasisObjectiveConfig
from sinopia.training.processes import Processes
from sinopia.training.run import build_objective, train
from sinopia.zoo.manifest import read_manifest
from tests.training.runs import SIDE, metrics_of, tiny_run, write_pairs

CPU = torch.device("cpu")


def test_learning_rate_falls_linearly_after_a_share_of_the_run(pairs: Path) -> None:
    config = tiny_run(pairs, images=1000, decay_from=0.6)
    factors = [_learning_rate_factor(config, seen) for seen in (0, 600, 700, 900, 1000, 1004)]
    assert factors == pytest.approx([1.0, 1.0, 0.75, 0.25, 0.0, 0.0])
    constant = replace(config, decay_from=1.0)
    assert [_learning_rate_factor(constant, seen) for seen in (0, 999, 1000)] == [1.0, 1.0, 1.0]
    falling = replace(config, decay_from=0.0)
    assert _learning_rate_factor(falling, 250) == pytest.approx(0.75)


def test_due_when_a_multiple_was_passed() -> None:
    assert [_is_due(10, seen, seen + 4) for seen in range(0, 24, 4)] == [
        False,  # 0 to 4
        False,
        True,  # 8 to 12
        False,
        True,  # 16 to 20
        False,
    ]
    assert _is_due(3, 0, 8)  # several at once are one


def test_loss_means_since_the_last_report() -> None:
    means = _LossMeans()
    for value in (1.0, 2.0, 6.0):
        means.add({"a": torch.tensor(value), "b": torch.tensor(-value)}, 4, "fp32")
    assert means.means() == {"a": 3.0, "b": -3.0}
    means.add({"a": torch.tensor(5.0)}, 8, "fp32")
    assert means.means() == {"a": 5.0}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_loss_that_is_no_number_is_named(value: float) -> None:
    losses = {"loss/D/real": torch.tensor(1.0), "loss/G/kl": torch.tensor(value)}
    with pytest.raises(TrainingError, match=rf"^loss/G/kl is {value} after 12 images \(bf16\)"):
        _LossMeans().add(losses, 12, "bf16")


def test_parts_are_equal_slices_of_the_batch() -> None:
    batch = SceneBatch(
        torch.arange(6).reshape(6, 1, 1), torch.arange(6.0).reshape(6, 1, 1, 1), None
    )
    parts = _parts(batch, 3)
    assert [part.label_ids.flatten().tolist() for part in parts] == [[0, 1], [2, 3], [4, 5]]
    assert [part.images.flatten().tolist() for part in parts if part.images is not None] == [
        [0, 1],
        [2, 3],
        [4, 5],
    ]
    assert all(part.instance_edges is None for part in parts)
    assert _parts(batch, 1) == [batch]


def _without_spectral_norm(config: TrainConfig, **model: Any) -> TrainConfig:
    """No power iterations, whose number depends on the parts, and no random numbers but style."""
    size_hw = model.get("size_hw", config.model.size_hw)
    changed = replace(config.model, has_spectral_norm=False, **model)
    if changed.encoder is not None:
        encoder = replace(changed.encoder, has_spectral_norm=False)
        changed = replace(changed, encoder=encoder)
    return replace(
        config,
        model=changed,
        preprocess=replace(config.preprocess, load_size=min(size_hw) + 2, size_hw=size_hw),
        discriminator=replace(
            config.discriminator, has_spectral_norm=False, initialization_gain=1.0
        ),
        objective=GauganObjectiveConfig(),
        initialization_gain=1.0,
    )


def _one_step(config: TrainConfig, num_parts: int) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Losses, and what one step of plain gradient descent adds to each weight."""
    objective = build_objective(config, Guidance(config.guidance, batch_size=config.batch_size))
    networks = {**objective.generators, **objective.discriminators}
    before = {
        f"{name}.{key}": value.detach().clone()
        for name, network in networks.items()
        for key, value in network.named_parameters()
    }
    optimizers = {
        which: torch.optim.SGD([p for n in group.values() for p in n.parameters()], lr=1e-3)
        for which, group in (
            ("generators", objective.generators),
            ("discriminators", objective.discriminators),
        )
    }
    dataset = open_dataset(config.dataset)
    batch = next(scene_batches(dataset, config.preprocess, batch_size=4, seed=0))
    draws = torch.Generator().manual_seed(1)
    parts = _parts(batch, num_parts)
    losses = _train_step(objective, optimizers, parts, draws, contextlib.nullcontext)
    steps = {
        f"{name}.{key}": value.detach() - before[f"{name}.{key}"]
        for name, network in networks.items()
        for key, value in network.named_parameters()
    }
    return {name: float(value) for name, value in losses.items()}, steps


def _largest_difference(a: dict[str, Tensor], b: dict[str, Tensor]) -> float:
    """Of the steps of all weights, relative to the largest step of that weight."""
    return max(
        float((a[key] - b[key]).abs().max() / a[key].abs().max().clamp_min(1e-12)) for key in a
    )


def test_accumulation_equals_the_whole_batch_with_instance_norm(pairs: Path) -> None:
    config = _without_spectral_norm(
        # at 64 pixels no layer is 1x1, where instance norm has nothing to divide by
        tiny_run(pairs),
        normalization="instance",
        style_dim=None,
        encoder=None,
        size_hw=(2 * SIDE, 2 * SIDE),
    )
    whole_losses, whole = _one_step(config, 1)
    part_losses, parts = _one_step(config, 2)
    assert part_losses == pytest.approx(whole_losses, rel=1e-5)
    moved = {key: step for key, step in whole.items() if step.abs().max() > 1e-6}
    assert {key.split(".")[0] for key in moved} == {"generator", "discriminator"}
    assert _largest_difference(moved, parts) < 2e-3  # of a step; float32 sums in another order
    assert max(float((whole[key] - parts[key]).abs().max()) for key in whole) < 1e-5


def test_accumulation_differs_with_batch_norm_which_sees_one_part(pairs: Path) -> None:
    config = _without_spectral_norm(tiny_run(pairs), style_dim=None, encoder=None)
    whole_losses, whole = _one_step(config, 1)
    part_losses, parts = _one_step(config, 2)
    assert part_losses.keys() == whole_losses.keys()
    assert _largest_difference(whole, parts) > 1e-3


def test_kl_does_not_depend_on_the_parts_of_a_batch(pairs: Path) -> None:
    config = _without_spectral_norm(tiny_run(pairs))
    whole, parts = _one_step(config, 1)[0]["loss/G/kl"], _one_step(config, 2)[0]["loss/G/kl"]
    assert parts == pytest.approx(whole, rel=1e-5)
    assert whole > 0.01


def _variants(root: Path) -> dict[str, TrainConfig]:
    config = tiny_run(root, images=8)
    without_style = replace(config.model, style_dim=None, encoder=None)
    with_edges = replace(config.model, has_instance_edges=True)
    random_styles = replace(config.model, encoder=None)

    def losses(**fields: Any) -> GauganObjectiveConfig:
        return GauganObjectiveConfig(**fields)

    return {
        "hinge": replace(
            config, objective=losses(r1_weight=0.01), model=with_edges, accumulation=2
        ),
        "least_squares": replace(
            config, objective=losses(adversarial="least_squares"), model=random_styles
        ),
        "original": replace(config, objective=losses(adversarial="original"), model=without_style),
        "wasserstein": replace(
            config,
            objective=losses(
                adversarial="wasserstein",
                feature_matching_weight=0.0,
                augmentations=("color", "cutout"),
            ),
            average_half_life=0,
        ),
        "bf16": replace(
            config,
            precision="bf16",
            initialization="orthogonal",
            model=replace(config.model, has_noise=True, interpolation="bilinear"),
        ),
        "oasis": replace(
            config,
            discriminator=OasisDiscriminatorConfig(base_channels=4, channel_multipliers=(1, 2, 2)),
            objective=OasisObjectiveConfig(augmentations=("color", "translation")),
            accumulation=2,
        ),
    }


_EXPECTED_LOSSES = {
    "hinge": {"D/r1", "G/feature_matching", "G/kl"},
    "least_squares": {"G/feature_matching"},
    "original": {"G/feature_matching"},
    "wasserstein": {"G/kl", "D/gradient_penalty"},
    "bf16": {"G/feature_matching", "G/kl"},
    "oasis": {"D/label_mix", "G/kl"},
}


@pytest.mark.parametrize("kind", list(_EXPECTED_LOSSES))
def test_every_kind_of_run_trains(tmp_path: Path, pairs: Path, kind: str) -> None:
    assert train(_variants(pairs)[kind], tmp_path, device="cpu").is_complete
    values = {name: value for line in metrics_of(tmp_path) for name, value in line.items()}
    names = {name.removeprefix("loss/") for name in values if name.startswith("loss/")}
    assert names == {"D/real", "D/fake", "G/adversarial"} | _EXPECTED_LOSSES[kind]
    assert (sinopia.load(tmp_path / "model").style_dim is None) == (kind == "original")


def test_generator_and_discriminator_have_gains_of_their_own(pairs: Path) -> None:
    config = replace(_variants(pairs)["oasis"], initialization_gain=0.5)
    objective = build_objective(config, Guidance(config.guidance, batch_size=config.batch_size))

    def gain(network: nn.Module, name: str) -> float:
        weight = network.state_dict()[f"{name}.parametrizations.weight.original"]
        fan = weight[0, 0].numel() * (weight.shape[0] + weight.shape[1])
        return float(weight.std()) * math.sqrt(fan / 2)

    discriminator = objective.discriminators["discriminator"]
    assert gain(discriminator, "down.2.conv_1") == pytest.approx(1.0, rel=0.15)
    assert gain(objective.generators["generator"], "blocks.0.conv_0") == pytest.approx(
        0.5, rel=0.15
    )


def test_the_model_folder_of_a_run_paints(whole_run: Path, tiny_map: LabelMap) -> None:
    model = sinopia.load(whole_run / "model")
    model.set_label_map(tiny_map)
    picture = model.synthesize(seed=1)
    assert picture.shape == (SIDE, SIDE, 3)
    assert not (picture == model.synthesize(seed=2)).all()


def test_the_average_is_kept_and_is_what_the_model_folder_holds(whole_run: Path) -> None:
    from safetensors.torch import load_file

    state = load_file(whole_run / "checkpoints" / "0000000040.safetensors")
    trained = state["network/generator/to_image.weight"]
    average = state["network/average/to_image.weight"]
    assert not torch.equal(trained, average)
    model = load_file(whole_run / "model" / "weights.safetensors")
    assert torch.equal(model["generator.to_image.weight"], average)
    assert torch.equal(
        model["encoder.to_mean.weight"], state["network/encoder/to_mean.weight"]
    )  # the encoder is not averaged


def test_a_run_folder_explains_itself(whole_run: Path, pairs: Path) -> None:
    assert {path.name for path in whole_run.iterdir()} >= {
        "config.json",
        "metrics.jsonl",
        "previews",
        "checkpoints",
        "model",
        "best",
    }
    assert sorted(path.name for path in (whole_run / "previews").iterdir()) == [
        "0000000016.jpg",
        "0000000032.jpg",
        "0000000040.jpg",
    ]
    lines = [json.loads(line) for line in (whole_run / "metrics.jsonl").read_text().splitlines()]
    reported = [line for line in lines if "loss/D/real" in line]
    assert [line["images_seen"] for line in reported] == [8, 16, 24, 32, 40]
    assert all(line["images_per_second"] > 0 and line["seconds"] >= 0 for line in reported)
    for line in reported:
        assert 0 <= line["health/D/win_rate"] <= 1
        shares = [value for name, value in line.items() if name.endswith("_share")]
        assert sum(shares) == pytest.approx(1) and min(shares) >= 0 and len(shares) == 3
    measured = {
        line["images_seen"]: line["validation/l1"] for line in lines if "validation/l1" in line
    }
    assert list(measured) == [16, 32, 40]
    best = read_manifest(whole_run / "best").facts
    assert best["images_seen"] == min(measured, key=lambda seen: measured[seen])
    assert best["chosen_by"] == "validation/l1"
    assert "chosen_by" not in read_manifest(whole_run / "model").facts
    recorded = json.loads((whole_run / "config.json").read_text())
    assert recorded["precision"] == "fp32" and recorded["torch"] == torch.__version__
    assert sinopia.config.from_json(TrainConfig, recorded["config"]) == tiny_run(pairs)


def test_data_that_cannot_train_the_model_is_refused_at_once(
    tmp_path: Path, tiny_vocabulary: sinopia.Vocabulary, pairs: Path
) -> None:
    maps_only = write_pairs(
        tmp_path / "maps", tiny_vocabulary, count=2, has_images=False, has_instances=False
    )
    run = tmp_path / "run"
    with pytest.raises(DatasetError, match=r"'maps' has label maps only.*add an images folder"):
        train(tiny_run(maps_only), run, device="cpu")
    config = tiny_run(pairs, validation=tiny_run(maps_only).dataset)
    with pytest.raises(DatasetError, match=r"'maps' has label maps only"):
        train(config, run, device="cpu")

    flat = write_pairs(tmp_path / "flat", tiny_vocabulary, count=2, has_instances=False)
    edges = replace(config.model, has_instance_edges=True)
    with pytest.raises(DatasetError, match=r"'flat' has no instance maps.*edges=false"):
        train(tiny_run(flat, model=edges), run, device="cpu")

    with pytest.raises(ConfigError, match=r"num_classes is 7, but vocabulary 'tiny'.* has 5"):
        train(tiny_run(pairs, model=replace(config.model, num_classes=7)), run, device="cpu")
    assert not run.exists()


def test_values_out_of_range_are_refused(pairs: Path) -> None:
    config = tiny_run(pairs)
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (config, {"images": 0}, "images, batch_size and accumulation: expected at least 1"),
        (config, {"accumulation": 3}, "4 is not a multiple of accumulation 3"),
        (
            config,
            {"initialization": "normal", "discriminator": early_discriminator(4)},
            r"1\.0 is a deviation for initialization normal.* Set it to 0\.02",
        ),
        (config, {"decay_from": 1.5}, r"decay_from: expected a share in \[0, 1\], got 1.5"),
        (
            config,
            {"model": SpadeConfig(num_classes=5)},
            r"preprocess.size_hw is \(32, 32\), model.size_hw \(256, 256\)",
        ),
        (config, {"batch_size": 1}, "one image at a time gives batch norm a single value"),
        (config.optimizer, {"beta2": 1.0}, r"betas in \[0, 1\), got 0.0, 1.0"),
        (config.optimizer, {"generator_lr": -1.0}, "must not be negative"),
        (config.schedule, {"save_every": 0}, "schedule.save_every: expected at least 1 image"),
        (config.schedule, {"keep_checkpoints": 0}, "at least one checkpoint"),
    ]
    for value, changes, expected in cases:
        with pytest.raises(ConfigError, match=expected):
            replace(value, **changes)


def test_a_batch_that_cannot_be_divided_among_processes(tmp_path: Path, pairs: Path) -> None:
    class ThreeProcesses(Processes):
        def wait(self) -> None: ...

    config = tiny_run(pairs)
    unused: Any = None
    processes = ThreeProcesses(0, 3, CPU)
    with pytest.raises(ConfigError, match="4 is not a multiple of 3 processes x accumulation 1"):
        fit(
            config,
            tmp_path,
            objective=unused,
            dataset=unused,
            observer=unused,
            processes=processes,
        )


@pytest.mark.slow
def test_the_tiny_recipe_learns(tmp_path: Path) -> None:
    config = find_recipe("gaugan_tiny").build("", NOTHING)
    train(replace(config, images=config.batch_size), tmp_path, device="cpu")
    train(replace(config, images=200 * config.batch_size), tmp_path, device="cpu")
    distances = [line["validation/l1"] for line in metrics_of(tmp_path) if "validation/l1" in line]
    assert distances[-1] < 0.8 * distances[0]  # 0.44 to 0.32 when this was written
