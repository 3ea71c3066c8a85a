"""Tiny generators with telling weights, and maps for them: what the engine's tests share."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from sinopia.inference.engine import SpadeEngine
from sinopia.models.spade import SpadeConfig, SpadeGenerator
from sinopia.nn.spade import DenseCondition, LabelCondition

UNLABELED = 255
NUM_CLASSES = 4
CLOSE = {"atol": 1e-5, "rtol": 0.0}

PLAIN = SpadeConfig(
    num_classes=NUM_CLASSES,
    size_hw=(64, 64),
    base_channels=2,
    channel_multipliers=(4, 4, 4, 3, 3, 2, 2),
    hidden_channels=4,
    has_spectral_norm=False,
)


def make_generator(config: SpadeConfig, *, seed: int = 0) -> SpadeGenerator:
    """A generator in evaluation mode whose every part counts: random biases and running statistics,
    and pictures that lie in the middle of the range.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        generator = SpadeGenerator(config)
        for name, parameter in generator.named_parameters():
            if parameter.dim() > 1:
                nn.init.kaiming_normal_(parameter)
            else:
                nn.init.normal_(parameter, std=0.3)
            if ".gamma." in name or ".beta." in name:
                parameter.mul_(0.3)
        batch_norms = [each for each in generator.modules() if isinstance(each, nn.BatchNorm2d)]
        for norm in batch_norms:
            norm.momentum = 1.0  # one pass gives it the statistics of its input
        scale_of_output(generator.train())
        for norm in batch_norms:
            deviation = norm.get_buffer("running_var").sqrt()
            norm.get_buffer("running_mean").add_(0.3 * torch.randn_like(deviation) * deviation)
            norm.get_buffer("running_var").mul_(torch.empty_like(deviation).uniform_(0.5, 2.0))
        generator.eval()
        generator.to_image.weight.div_(scale_of_output(generator))
    return generator.requires_grad_(False)


def scale_of_output(generator: SpadeGenerator) -> float:
    """Twice the deviation of what the last convolution gives for random maps."""
    seen: list[Tensor] = []
    hook = generator.to_image.register_forward_hook(lambda _, __, output: seen.append(output))
    generator(random_condition(generator, batch=4), random_style(generator, 4))
    hook.remove()
    return 2 * float(seen[0].std())


def random_ids(size_hw: tuple[int, int], *, batch: int = 1, seed: int = 0) -> Tensor:
    """Every pixel its own class, or unlabeled: the map with the most neighbourhoods."""
    ids = torch.randint(NUM_CLASSES + 1, (batch, *size_hw), generator=seeded(seed))
    return torch.where(ids == NUM_CLASSES, UNLABELED, ids)


def painted_ids(size_hw: tuple[int, int], *, batch: int = 1, seed: int = 0) -> Tensor:
    """Some rectangles on a ground, as someone would paint them."""
    random = seeded(seed)
    ids = torch.zeros(batch, *size_hw, dtype=torch.int64)
    for each in ids:
        for _ in range(5):
            paint_stroke(each[None], random)
    return ids


def paint_stroke(ids: Tensor, random: torch.Generator) -> None:
    """Fill a rectangle of all maps with a class or with unlabeled."""
    height, width = ids.shape[1:]
    top, left = (int(torch.randint(side, (), generator=random)) for side in (height, width))
    tall, wide = (1 + int(torch.randint(side // 2, (), generator=random)) for side in ids.shape[1:])
    value = int(torch.randint(NUM_CLASSES + 1, (), generator=random))
    ids[:, top : top + tall, left : left + wide] = UNLABELED if value == NUM_CLASSES else value


def condition_of(generator: SpadeGenerator, ids: Tensor, *, seed: int = 0) -> LabelCondition:
    """The maps as the generator takes them, with random edges if it takes edges."""
    edges = None
    if generator.config.has_instance_edges:
        shape = (ids.shape[0], 1, *ids.shape[1:])
        edges = torch.randint(2, shape, generator=seeded(seed)).float()
    return generator.condition(ids, edges)


def random_condition(generator: SpadeGenerator, *, batch: int = 1) -> LabelCondition:
    return condition_of(generator, random_ids(generator.config.size_hw, batch=batch))


def random_style(generator: SpadeGenerator, count: int, *, seed: int = 0) -> Tensor | None:
    """Style codes (B, D), or none for a generator without style."""
    style_dim = generator.config.style_dim
    return None if style_dim is None else torch.randn(count, style_dim, generator=seeded(seed))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@torch.inference_mode()
def dense_picture(
    generator: SpadeGenerator,
    condition: LabelCondition,
    style: Tensor | None = None,
    *,
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """The plain twin: the generator itself, with every pixel convolved."""
    twin = copy.deepcopy(generator).to(dtype)
    dense = DenseCondition(condition.dense_at(condition.size_hw).to(dtype))
    return twin(dense, None if style is None else style.to(dtype)).float()


def engine_picture(
    engine: SpadeEngine, condition: LabelCondition, style: Tensor | None = None
) -> Tensor:
    engine.set_map(condition)
    return engine.paint(style)


def fresh_picture(
    generator: SpadeGenerator, condition: LabelCondition, style: Tensor | None = None
) -> Tensor:
    """A full pass of an engine that knows nothing."""
    return engine_picture(SpadeEngine(generator, precision="fp32"), condition, style)


def configs(**fixed: Any) -> st.SearchStrategy[SpadeConfig]:
    """Configurations of tiny generators, all options mixed."""
    options: dict[str, st.SearchStrategy[Any]] = {
        "has_unlabeled": st.booleans(),
        "has_instance_edges": st.booleans(),
        "upsampling": st.sampled_from(["normal", "normal", "more"]),
        "interpolation": st.sampled_from(["nearest", "bilinear"]),
        "kernel_size": st.sampled_from([1, 3, 3, 5]),
        "normalization": st.sampled_from(["batch", "batch", "instance"]),
        "has_spectral_norm": st.booleans(),
        "has_noise": st.booleans(),
        "style_dim": st.sampled_from([None, 3]),
    }
    options.update({name: st.just(value) for name, value in fixed.items()})
    return st.fixed_dictionaries(options).map(
        lambda chosen: dataclasses.replace(
            PLAIN, **chosen, size_hw=(64, 128) if chosen["upsampling"] == "more" else (64, 64)
        )
    )
