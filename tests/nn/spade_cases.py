"""Maps, conditions and layers that the tests of SPADE share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sinopia.nn.spade import DenseCondition, LabelCondition, Normalization, SpadeNorm

NUM_CLASSES = 5
CHANNELS = 6


def random_map(generator: torch.Generator, size_hw: tuple[int, int]) -> Tensor:
    """Noise with a tenth of the pixels unlabeled."""
    ids = torch.randint(0, NUM_CLASSES, (2, *size_hw), generator=generator)
    return torch.where(torch.rand(ids.shape, generator=generator) < 0.1, 255, ids)


def rectangles(generator: torch.Generator, size_hw: tuple[int, int]) -> Tensor:
    ids = torch.zeros(2, *size_hw, dtype=torch.int64)
    for picture in ids:
        for _ in range(6):
            y, x = (int(torch.randint(0, side, (), generator=generator)) for side in size_hw)
            value = int(torch.randint(0, NUM_CLASSES, (), generator=generator))
            picture[y : y + 7, x : x + 9] = value
    return ids


def disks(generator: torch.Generator, size_hw: tuple[int, int]) -> Tensor:
    rows = torch.arange(size_hw[0]).reshape(-1, 1)
    columns = torch.arange(size_hw[1]).reshape(1, -1)
    ids = torch.full((2, *size_hw), 255)
    for picture in ids:
        for value in range(NUM_CLASSES):
            y, x = (int(torch.randint(0, side, (), generator=generator)) for side in size_hw)
            picture[(rows - y) ** 2 + (columns - x) ** 2 <= 25] = value
    return ids


def one_class(generator: torch.Generator, size_hw: tuple[int, int]) -> Tensor:
    return torch.full((2, *size_hw), 3)


def all_unlabeled(generator: torch.Generator, size_hw: tuple[int, int]) -> Tensor:
    return torch.full((2, *size_hw), 255)


def unlabeled_half(generator: torch.Generator, size_hw: tuple[int, int]) -> Tensor:
    ids = random_map(generator, size_hw)
    ids[:, :, : size_hw[1] // 2] = 255
    return ids


PAINTERS: list[Callable[[torch.Generator, tuple[int, int]], Tensor]] = [
    random_map,
    rectangles,
    disks,
    one_class,
    all_unlabeled,
    unlabeled_half,
]


def one_hot(label_ids: Tensor, *, has_unlabeled: bool, edges: Tensor | None) -> Tensor:
    """The dense map by comparison, one channel after the other."""
    channels = [label_ids == index for index in range(NUM_CLASSES)]
    if has_unlabeled:
        channels.append(label_ids == 255)
    dense = torch.stack(channels, dim=1).to(torch.float64)
    return dense if edges is None else torch.cat([dense, edges.to(torch.float64)], dim=1)


def both_conditions(
    label_ids: Tensor, *, has_unlabeled: bool = True, edges: Tensor | None = None
) -> tuple[LabelCondition, DenseCondition]:
    labels = LabelCondition(
        label_ids,
        num_classes=NUM_CLASSES,
        has_unlabeled=has_unlabeled,
        instance_edges=edges,
    )
    dense = one_hot(label_ids, has_unlabeled=has_unlabeled, edges=edges)
    return labels, DenseCondition(dense)


def block_modulation(
    norm: SpadeNorm, condition: LabelCondition, size_hw: tuple[int, int]
) -> list[Tensor]:
    """1 + gamma and beta by distinct blocks, gathered to the pixels."""
    blocks = condition.neighborhoods_at(size_hw, norm.kernel_size)
    tables = norm.block_tables(condition, blocks)
    return [table[blocks.numbers].movedim(3, 1) for table in tables]


def make_norm(
    *,
    condition_channels: int = NUM_CLASSES + 1,
    kernel_size: int = 3,
    normalization: Normalization = "batch",
    dtype: torch.dtype = torch.float64,
) -> SpadeNorm:
    torch.manual_seed(0)
    norm = SpadeNorm(
        CHANNELS,
        condition_channels=condition_channels,
        hidden_channels=8,
        kernel_size=kernel_size,
        normalization=normalization,
    )
    return norm.to(dtype)
