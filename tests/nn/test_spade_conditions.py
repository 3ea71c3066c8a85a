"""What the conditions of SPADE hold: channels, sizes, tables; and what they refuse."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sinopia.errors import LabelError
from sinopia.nn import spade
from sinopia.nn.neighborhoods import Neighborhoods, find_neighborhoods
from sinopia.nn.spade import DenseCondition, LabelCondition
from tests.nn.spade_cases import (
    CHANNELS,
    NUM_CLASSES,
    both_conditions,
    disks,
    make_norm,
    random_map,
)


def test_condition_channels_and_numbers() -> None:
    label_ids = torch.tensor([[[0, 4, 255]]])
    edges = torch.tensor([[[[1.0, 0.0, 1.0]]]])
    condition = LabelCondition(label_ids, num_classes=5, has_unlabeled=True, instance_edges=edges)
    assert condition.size_hw == (1, 3)
    assert len(condition) == 1
    assert condition.num_values == 12
    assert condition.dense_at((1, 3))[0, :, 0].T.tolist() == [
        [1, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 1, 1],
    ]
    without = LabelCondition(label_ids, num_classes=5, has_unlabeled=False)
    assert without.num_values == 6
    assert without.dense_at((1, 3))[0, :, 0, 2].tolist() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("size_hw", [(5, 5), (3, 8), (20, 31), (10, 14)])
def test_both_conditions_resize_alike(size_hw: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(11)
    edges = torch.randint(0, 2, (2, 1, 10, 14), generator=generator)
    labels, dense = both_conditions(random_map(generator, (10, 14)), edges=edges)
    assert torch.equal(labels.dense_at(size_hw).double(), dense.dense_at(size_hw))
    assert labels.dense_at(size_hw) is labels.dense_at(size_hw)  # made once
    assert labels.size_hw == dense.size_hw == (10, 14)
    assert len(labels) == len(dense) == 2


def test_each_size_is_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []

    def count(values: Tensor, *, num_values: int, kernel_size: int) -> Neighborhoods:
        found.append((tuple(values.shape[1:]), kernel_size))
        return find_neighborhoods(values, num_values=num_values, kernel_size=kernel_size)

    monkeypatch.setattr(spade, "find_neighborhoods", count)
    condition = both_conditions(torch.zeros(1, 8, 8).long())[0]
    assert found == []  # nothing before the first use
    norm = make_norm()
    first = condition.neighborhoods_at((8, 8), 3)
    for size_hw in ((8, 8), (4, 4), (8, 8), (4, 4)):
        norm(torch.zeros(1, CHANNELS, *size_hw, dtype=torch.float64), condition)
    condition.neighborhoods_at((8, 8), 5)
    assert condition.neighborhoods_at((8, 8), 3) is first
    assert condition.values_at((4, 4)) is condition.values_at((4, 4))
    assert found == [((8, 8), 3), ((4, 4), 3), ((8, 8), 5)]


def test_dense_condition_resizes_once() -> None:
    dense = DenseCondition(torch.randn(1, 3, 8, 8))
    assert dense.dense_at((4, 4)) is dense.dense_at((4, 4))
    assert torch.equal(dense.dense_at((4, 4)), dense.dense_at((8, 8))[:, :, ::2, ::2])


def test_dense_condition_passes_gradient_to_the_map() -> None:
    channels = torch.rand(1, NUM_CLASSES + 1, 8, 8, dtype=torch.float64, requires_grad=True)
    x = torch.randn(1, CHANNELS, 8, 8, dtype=torch.float64)
    make_norm()(x, DenseCondition(channels)).square().sum().backward()
    assert channels.grad is not None
    assert channels.grad.abs().amax(dim=(0, 2, 3)).min() > 0


def test_one_map_serves_many_pictures() -> None:
    generator = torch.Generator().manual_seed(16)
    labels, _ = both_conditions(disks(generator, (12, 10))[:1])
    norm = make_norm().eval()
    x = torch.randn(3, CHANNELS, 12, 10, dtype=torch.float64, generator=generator)
    with torch.no_grad():
        together = norm(x, labels)
        alone = torch.cat([norm(each[None], labels) for each in x])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("wrong", "named"), [(5, "id 5"), (254, "id 254"), (-1, "id -1")])
def test_ids_outside_the_vocabulary_are_refused(wrong: int, named: str) -> None:
    label_ids = torch.zeros(1, 4, 4).long()
    label_ids[0, 2, 1] = wrong
    with pytest.raises(LabelError, match=f"{named}, but the model knows 5 classes, 0 to 4"):
        LabelCondition(label_ids, num_classes=5, has_unlabeled=True)
