"""Label maps to measure with, and brush strokes over them, the same ones every time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sinopia.data.procedural import ProceduralScenes
from sinopia.models.spade import SpadeConfig
from sinopia.nn.neighborhoods import find_neighborhoods
from sinopia.nn.spade import LabelCondition
from sinopia.scene.instances import instance_edges
from sinopia.scene.vocabulary import UNLABELED
from sinopia.seeding import derive_seed

__all__ = ["Brush", "PaintedMap", "block_share", "brush_stroke", "procedural_maps", "random_maps"]

Brush = Literal["round", "square"]


@dataclass(frozen=True, eq=False)
class PaintedMap:
    """A map as a generator takes it: what is drawn, before anything is computed."""

    label_ids: Tensor
    """(1, H, W) int64."""
    instance_edges: Tensor | None
    """(1, 1, H, W), for generators that see edges."""

    @classmethod
    def of(cls, ids: NDArray[np.uint8], config: SpadeConfig, device: torch.device) -> PaintedMap:
        """From class ids (H, W); without instances, the edges are those between the classes."""
        edges = None
        if config.has_instance_edges:
            edges = torch.as_tensor(instance_edges(ids), dtype=torch.float32, device=device)
            edges = edges[None, None]
        label_ids = torch.as_tensor(ids.astype(np.int64), device=device)
        return cls(label_ids.unsqueeze(0), edges)

    def condition(self, config: SpadeConfig) -> LabelCondition:
        """The map as a condition of which nothing is computed yet."""
        return config.condition(self.label_ids, self.instance_edges)


def procedural_maps(
    count: int, *, size_hw: tuple[int, int], num_classes: int
) -> list[NDArray[np.uint8]]:
    """Maps (H, W) of procedural scenes; class k of the meadow becomes class k modulo num_classes.

    The outlines are what counts for the work, not the names.
    """
    scenes = ProceduralScenes(size_hw)
    return [scenes[index].label_map.ids % num_classes for index in range(count)]


def random_maps(
    count: int, *, size_hw: tuple[int, int], num_classes: int
) -> list[NDArray[np.uint8]]:
    """Maps (H, W) whose pixels all have a class of their own drawing.

    Nearly every neighbourhood is then another one: nothing is worse for an engine that paints by
    distinct neighbourhoods.
    """
    draws = np.random.default_rng(derive_seed(0, "random maps"))
    return [draws.integers(num_classes, size=size_hw, dtype=np.uint8) for _ in range(count)]


def brush_stroke(
    ids: NDArray[np.uint8], *, share: float, brush: Brush, num_classes: int, number: int
) -> NDArray[np.uint8]:
    """A copy of a map (H, W) with one dab of a brush, of `share` of the area.

    Its place and class are drawn from its number: a class of the map that is not under the brush,
    if there is one, so that every pixel of the dab changes.
    """
    height, width = ids.shape
    area = max(1, round(share * ids.size))
    radius = (area / np.pi) ** 0.5 if brush == "round" else area**0.5 / 2
    draws = np.random.default_rng(derive_seed(number, f"{brush} stroke"))
    center_y, center_x = (
        draws.uniform(min(radius, side / 2), max(side - radius, side / 2))
        for side in (height, width)
    )
    y = np.abs(np.arange(height) + 0.5 - center_y)[:, None]
    x = np.abs(np.arange(width) + 0.5 - center_x)[None, :]
    distance = np.hypot(y, x) if brush == "round" else np.maximum(y, x)
    dab = np.argsort(distance, axis=None, kind="stable")[:area]

    under = set(np.unique(ids.flat[dab]).tolist())
    present = [each for each in np.unique(ids).tolist() if each not in under | {UNLABELED}]
    others = [each for each in range(num_classes) if each not in under]
    edited = ids.copy()
    edited.flat[dab] = draws.choice(present or others or [UNLABELED])
    return edited


def block_share(
    condition: LabelCondition, kernel_size: int, *, known: LabelCondition | None = None
) -> float:
    """Distinct blocks of ids of a map over its pixels; with a `known` map, only those not in it."""
    values = condition.values_at(condition.size_hw)
    maps = values if known is None else torch.cat([known.values_at(condition.size_hw), values])
    numbers = find_neighborhoods(
        maps, num_values=condition.num_values, kernel_size=kernel_size
    ).numbers
    blocks = torch.unique(numbers[-1])
    if known is not None:
        blocks = blocks[~torch.isin(blocks, numbers[0])]
    return len(blocks) / values.numel()
