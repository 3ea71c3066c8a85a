"""SPADE by distinct blocks (LabelCondition) against SPADE by convolution (DenseCondition)."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sinopia.nn import spade
from sinopia.nn.neighborhoods import Neighborhoods, find_neighborhoods, group_by
from sinopia.nn.spade import (
    DenseCondition,
    LabelCondition,
    SpadeNorm,
    gather_rows,
    modulate_blocks,
)
from tests.nn.spade_cases import (
    CHANNELS,
    NUM_CLASSES,
    PAINTERS,
    block_modulation,
    both_conditions,
    disks,
    make_norm,
    random_map,
    rectangles,
)


@pytest.fixture(autouse=True)
def by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many blocks a map has; small maps have many."""
    monkeypatch.setattr(spade, "MAX_BLOCK_SHARE", 1.0)


def outcome_and_gradients(
    norm: SpadeNorm, x: Tensor, condition: spade.Condition
) -> tuple[Tensor, list[Tensor]]:
    norm = copy.deepcopy(norm)  # statistics of its own
    x = x.clone().requires_grad_()
    out = norm(x, condition)
    torch.manual_seed(9)
    probe = torch.randn(out.shape, dtype=torch.float64).to(out.dtype)
    gradients = torch.autograd.grad((out * probe).sum(), [x, *norm.parameters()])
    return out.detach(), list(gradients)


def check_equal(
    norm: SpadeNorm,
    x: Tensor,
    labels: LabelCondition,
    dense: DenseCondition,
    *,
    atol: float,
    gradient_atol: float,
) -> None:
    out, gradients = outcome_and_gradients(norm, x, labels)
    expected, expected_gradients = outcome_and_gradients(norm, x, dense)
    assert out.shape == x.shape
    torch.testing.assert_close(out, expected, rtol=0, atol=atol)
    names = ["x", *(name for name, _ in norm.named_parameters())]
    for name, got, wanted in zip(names, gradients, expected_gradients, strict=True):
        scale = max(1.0, float(wanted.abs().max()))
        error = float((got - wanted).abs().max()) / scale
        assert error <= gradient_atol, f"gradient of {name}: error {error}"


@pytest.mark.parametrize("has_edges", [False, True])
@pytest.mark.parametrize("has_unlabeled", [False, True])
@pytest.mark.parametrize("paint", PAINTERS)
def test_label_condition_equals_dense_condition(
    paint: Callable[..., Tensor], has_unlabeled: bool, has_edges: bool
) -> None:
    generator = torch.Generator().manual_seed(1)
    label_ids = paint(generator, (19, 23))
    edges = torch.randint(0, 2, (2, 1, 19, 23), generator=generator) if has_edges else None
    labels, dense = both_conditions(label_ids, has_unlabeled=has_unlabeled, edges=edges)
    norm = make_norm(condition_channels=NUM_CLASSES + has_unlabeled + has_edges)
    x = torch.randn(2, CHANNELS, 19, 23, dtype=torch.float64, generator=generator)
    check_equal(norm, x, labels, dense, atol=1e-10, gradient_atol=1e-10)


@pytest.mark.parametrize("paint", PAINTERS)
def test_label_condition_equals_dense_condition_in_single_precision(
    paint: Callable[..., Tensor],
) -> None:
    generator = torch.Generator().manual_seed(2)
    labels, dense = both_conditions(paint(generator, (17, 21)))
    x = torch.randn(2, CHANNELS, 17, 21, generator=generator)
    norm = make_norm(dtype=torch.float32)
    check_equal(norm, x, labels, dense, atol=1e-5, gradient_atol=1e-5)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("size_hw", [(1, 1), (1, 8), (2, 3), (3, 3), (5, 4), (13, 7), (40, 26)])
@pytest.mark.parametrize("normalization", ["batch", "instance"])
def test_equal_at_any_size_and_kernel(
    size_hw: tuple[int, int], kernel_size: int, normalization: spade.Normalization
) -> None:
    if normalization == "instance" and size_hw == (1, 1):
        size_hw = (1, 2)  # one pixel has no variance
    generator = torch.Generator().manual_seed(3)
    labels, dense = both_conditions(random_map(generator, (20, 13)))
    norm = make_norm(kernel_size=kernel_size, normalization=normalization)
    x = torch.randn(2, CHANNELS, *size_hw, dtype=torch.float64, generator=generator)
    check_equal(norm, x, labels, dense, atol=1e-10, gradient_atol=1e-10)


def test_maps_with_many_blocks_are_convolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the share that is the limit, blocks are computed; the outcome is the same."""
    labels, dense = both_conditions(rectangles(torch.Generator().manual_seed(2), (19, 23)))
    norm = make_norm()
    x = torch.randn(2, CHANNELS, 19, 23, dtype=torch.float64)
    convolved = []
    norm.gamma.register_forward_hook(lambda *_: convolved.append(limit))
    share = labels.neighborhoods_at((19, 23), 3).share
    for limit in (share, share - 1e-9):
        monkeypatch.setattr(spade, "MAX_BLOCK_SHARE", limit)
        check_equal(norm, x, labels, dense, atol=1e-10, gradient_atol=1e-10)
    # Each check convolves the dense map once; only the second the labels too.
    assert convolved == [share, share - 1e-9, share - 1e-9]


def test_border_by_hand() -> None:
    """One class, weights of 1: each convolution counts the pixels of its window in the image."""
    norm = SpadeNorm(1, condition_channels=1, hidden_channels=1).double()
    with torch.no_grad():
        for parameter in norm.parameters():
            parameter.fill_(1.0 if parameter.ndim > 1 else 0.0)
        norm.beta.weight.fill_(0.0)
        norm.beta.bias.fill_(7.0)  # type: ignore[union-attr]
    condition = LabelCondition(torch.zeros(1, 3, 4).long(), num_classes=1, has_unlabeled=False)
    scale, shift = block_modulation(norm, condition, (3, 4))
    # Along 3 rows the windows hold 2 3 2 pixels, and these added again are 5 7 5; along 4 columns
    # 2 3 3 2, then 5 8 8 5.
    gamma = torch.tensor([[25, 40, 40, 25], [35, 56, 56, 35], [25, 40, 40, 25]])
    assert scale[0, 0].tolist() == (1 + gamma).tolist()
    assert shift[0, 0].unique().tolist() == [7.0]


def test_modulation_sees_five_by_five_pixels_and_no_more() -> None:
    generator = torch.Generator().manual_seed(4)
    label_ids = torch.randint(0, NUM_CLASSES, (1, 16, 16), generator=generator)
    repainted = label_ids.clone()
    repainted[0, 7, 9] = (repainted[0, 7, 9] + 1) % NUM_CLASSES
    norm = make_norm()
    scales = [
        block_modulation(norm, both_conditions(ids)[0], (16, 16))[0]
        for ids in (label_ids, repainted)
    ]
    changed = ((scales[0] - scales[1]).abs() > 1e-12).any(dim=1)[0]
    expected = torch.zeros(16, 16, dtype=torch.bool)
    expected[5:10, 7:12] = True
    assert torch.equal(changed, expected)


@pytest.mark.parametrize("normalization", ["batch", "instance"])
def test_a_map_does_not_depend_on_its_batch(normalization: spade.Normalization) -> None:
    generator = torch.Generator().manual_seed(5)
    label_ids = torch.cat([random_map(generator, (15, 12)), disks(generator, (15, 12))])
    x = torch.randn(4, CHANNELS, 15, 12, dtype=torch.float64, generator=generator)
    norm = make_norm(normalization=normalization).eval()
    together = norm(x, both_conditions(label_ids)[0])
    for index in range(4):
        one = slice(index, index + 1)
        alone = norm(x[one], both_conditions(label_ids[one])[0])
        torch.testing.assert_close(together[one], alone, rtol=0, atol=1e-12)


def test_the_order_of_block_numbers_does_not_matter() -> None:
    generator = torch.Generator().manual_seed(6)
    condition = both_conditions(rectangles(generator, (14, 14)))[0]
    norm = make_norm()
    expected = block_modulation(norm, condition, (14, 14))

    blocks = condition.neighborhoods_at((14, 14), 3)
    inner_order = torch.randperm(len(blocks.inner_blocks), generator=generator)
    outer_order = torch.randperm(len(blocks.outer_blocks), generator=generator)
    # Places outside the image keep their number, one past the last block.
    new_inner = torch.cat([torch.argsort(inner_order), torch.tensor([len(inner_order)])])
    shuffled = Neighborhoods(
        blocks.inner_blocks[inner_order],
        new_inner[blocks.outer_blocks][outer_order],
        torch.argsort(outer_order)[blocks.numbers],
    )
    condition._neighborhoods[((14, 14), 3)] = shuffled
    for got, wanted in zip(block_modulation(norm, condition, (14, 14)), expected, strict=True):
        torch.testing.assert_close(got, wanted, rtol=0, atol=1e-12)


def plainly_modulated(
    x: Tensor, scale_table: Tensor, shift_table: Tensor, blocks: Neighborhoods
) -> Tensor:
    return x * scale_table[blocks.numbers].movedim(3, 1) + shift_table[blocks.numbers].movedim(3, 1)


def tables_and_pixels(
    blocks: Neighborhoods, *, batch: int, channels: int = 4
) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(7)
    height, width = blocks.numbers.shape[1:]
    shapes = [(batch, channels, height, width), *2 * [(len(blocks.outer_blocks), channels)]]
    x, scale_table, shift_table = (
        torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_()
        for shape in shapes
    )
    return x, scale_table, shift_table


@pytest.mark.parametrize(("num_maps", "batch"), [(1, 1), (2, 2), (1, 3)])
def test_modulate_blocks_is_plain_indexing(num_maps: int, batch: int) -> None:
    generator = torch.Generator().manual_seed(7)
    blocks = find_neighborhoods(disks(generator, (12, 10))[:num_maps] % 7, num_values=7)
    inputs = tables_and_pixels(blocks, batch=batch)
    out = modulate_blocks(*inputs, blocks)
    expected = plainly_modulated(*inputs, blocks)
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-12)

    probe = torch.randn(out.shape, dtype=torch.float64, generator=generator)
    gradients = torch.autograd.grad((out * probe).sum(), inputs)
    expected_gradients = torch.autograd.grad((expected * probe).sum(), inputs)
    for got, wanted in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(got, wanted, rtol=0, atol=1e-12)


def test_modulate_blocks_gradcheck() -> None:
    generator = torch.Generator().manual_seed(8)
    blocks = find_neighborhoods(torch.randint(0, 2, (1, 3, 4), generator=generator), num_values=2)
    inputs = tables_and_pixels(blocks, batch=1, channels=2)
    assert torch.autograd.gradcheck(lambda *tensors: modulate_blocks(*tensors, blocks), inputs)


def test_gather_rows_is_plain_indexing() -> None:
    generator = torch.Generator().manual_seed(14)
    numbers = torch.randint(0, 6, (5, 7), generator=generator) // 2 * 2  # odd rows unused
    grouping = group_by(numbers, num_groups=6)
    table = torch.randn(6, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    probe = torch.randn(5, 7, 3, dtype=torch.float64, generator=generator)

    rows = gather_rows(table, numbers, grouping)
    assert torch.equal(rows, table[numbers])
    (gradient,) = torch.autograd.grad((rows * probe).sum(), table)
    (expected,) = torch.autograd.grad((table[numbers] * probe).sum(), table)
    torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-12)
    assert torch.autograd.gradcheck(lambda table: gather_rows(table, numbers, grouping), table)


def test_gradients_are_the_same_every_time() -> None:
    generator = torch.Generator().manual_seed(9)
    labels, _ = both_conditions(rectangles(generator, (32, 32)))
    norm = make_norm(dtype=torch.float32)
    x = torch.randn(2, CHANNELS, 32, 32, generator=generator)
    first, second = (outcome_and_gradients(norm, x, labels) for _ in range(2))
    assert torch.equal(first[0], second[0])
    for one, other in zip(first[1], second[1], strict=True):
        assert torch.equal(one, other)


def test_gradient_of_a_large_block_keeps_its_size_in_bfloat16() -> None:
    """A bfloat16 sum of ones stalls at 256; a block of a painted map has thousands of pixels."""
    blocks = find_neighborhoods(torch.zeros(1, 68, 68).long(), num_values=1)
    x, scale, shift = (
        tensor.detach().bfloat16().requires_grad_() for tensor in tables_and_pixels(blocks, batch=1)
    )
    modulate_blocks(x, scale, shift, blocks).sum().backward()
    assert shift.grad is not None
    assert shift.grad[blocks.numbers[0, 34, 34]].tolist() == [64 * 64] * 4


def test_mixed_precision_stays_close_to_single() -> None:
    generator = torch.Generator().manual_seed(10)
    labels, _ = both_conditions(disks(generator, (16, 16)))
    norm = make_norm(dtype=torch.float32)
    x = torch.randn(2, CHANNELS, 16, 16, generator=generator)
    expected, expected_gradients = outcome_and_gradients(norm, x, labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out, gradients = outcome_and_gradients(norm, x, labels)
    torch.testing.assert_close(out.float(), expected, rtol=0.03, atol=0.03)
    for got, wanted in zip(gradients, expected_gradients, strict=True):
        error = (got.float() - wanted).norm() / wanted.norm()
        assert error < 0.03


def test_equation_one_against_plain_batch_norm() -> None:
    generator = torch.Generator().manual_seed(12)
    labels, dense = both_conditions(random_map(generator, (9, 9)))
    x = torch.randn(2, CHANNELS, 9, 9, dtype=torch.float64, generator=generator)
    norm = make_norm()
    hidden = norm.shared(dense.dense_at((9, 9))).clamp(min=0)
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    variance = x.var(dim=(0, 2, 3), unbiased=False, keepdim=True)
    expected = (x - mean) / (variance + 1e-5).sqrt() * (1 + norm.gamma(hidden))
    expected = expected + norm.beta(hidden)
    torch.testing.assert_close(norm(x, labels), expected, rtol=0, atol=1e-10)

    # Statistics moved once, a tenth of the way, and stay put in evaluation mode.
    statistics = norm.normalize
    assert isinstance(statistics, torch.nn.BatchNorm2d)
    assert statistics.num_batches_tracked is not None
    assert statistics.num_batches_tracked.item() == 1
    torch.testing.assert_close(statistics.running_mean, 0.1 * mean.flatten())
    norm.eval()
    before = copy.deepcopy(norm.state_dict())
    assert torch.equal(norm(x, labels), norm(x, labels))
    assert all(torch.equal(before[key], value) for key, value in norm.state_dict().items())


def test_unlabeled_without_a_channel_is_like_the_outside() -> None:
    """A map with an unlabeled frame modulates its inside as if the image ended there."""
    generator = torch.Generator().manual_seed(13)
    inside = torch.randint(0, NUM_CLASSES, (1, 6, 6), generator=generator)
    framed = F.pad(inside, (1, 1, 1, 1), value=255)
    norm = make_norm(condition_channels=NUM_CLASSES, kernel_size=3)
    with torch.no_grad():
        norm.shared.bias.zero_()  # type: ignore[union-attr]
        norm.gamma.weight[:, :, [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]] = 0
    small = LabelCondition(inside, num_classes=NUM_CLASSES, has_unlabeled=False)
    large = LabelCondition(framed, num_classes=NUM_CLASSES, has_unlabeled=False)
    torch.testing.assert_close(
        block_modulation(norm, large, (8, 8))[0][:, :, 1:-1, 1:-1],
        block_modulation(norm, small, (6, 6))[0],
    )
