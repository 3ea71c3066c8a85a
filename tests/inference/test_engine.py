"""Whole pictures of the engine against its plain twin, which convolves every pixel."""

from __future__ import annotations

import dataclasses
import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from sinopia.errors import RequestError
from sinopia.inference import block_table, engine
from sinopia.inference.block_table import FoldedNorm
from sinopia.inference.engine import SpadeEngine
from sinopia.inference.packed_layers import PackedConvolution, PackedLinear
from sinopia.models.spade import Interpolation, SpadeConfig
from tests.inference.engine_cases import (
    CLOSE,
    NUM_CLASSES,
    PLAIN,
    UNLABELED,
    condition_of,
    configs,
    dense_picture,
    engine_picture,
    fresh_picture,
    make_generator,
    painted_ids,
    random_condition,
    random_ids,
    random_style,
    seeded,
)

FEW = settings(deadline=None, derandomize=True, database=None, max_examples=30)
cached_generator = functools.cache(make_generator)


def make_ids(kind: str, size_hw: tuple[int, int], *, batch: int, seed: int) -> Tensor:
    if kind == "random":
        return random_ids(size_hw, batch=batch, seed=seed)
    if kind == "painted":
        return painted_ids(size_hw, batch=batch, seed=seed)
    value = UNLABELED if kind == "unlabeled" else seed % NUM_CLASSES
    return torch.full((batch, *size_hw), value)


@FEW
@given(
    config=configs(),
    kind=st.sampled_from(["random", "painted", "one class", "unlabeled"]),
    steps_hw=st.sampled_from([(1, 2), (2, 1), (3, 1), (1, 1)]),
    batch=st.integers(1, 2),
    seed=st.integers(0, 99),
)
def test_the_engine_is_the_generator(
    config: SpadeConfig, kind: str, steps_hw: tuple[int, int], batch: int, seed: int
) -> None:
    generator = cached_generator(config)
    step = config.size_multiple
    if config.normalization == "instance" and steps_hw == (1, 1):
        steps_hw = (1, 3)  # instance norm cannot begin with a single pixel
    ids = make_ids(kind, (steps_hw[0] * step, steps_hw[1] * step), batch=batch, seed=seed)
    condition, style = condition_of(generator, ids, seed=seed), random_style(generator, batch)
    expected = dense_picture(generator, condition, style)
    got = fresh_picture(generator, condition, style)
    assert got.dtype == torch.float32
    assert got.shape == expected.shape
    atol = 1e-5
    if config.normalization == "instance":
        # It divides by the deviation of few pixels, which magnifies rounding: the twin's as well.
        single = dense_picture(generator, condition, style, dtype=torch.float32)
        atol += 10 * float((single - expected).abs().max())
        assert atol < 0.1
    torch.testing.assert_close(got, expected, atol=atol, rtol=0.0)
    assert 0.01 < float(expected.std()) < 0.9 or kind in ("one class", "unlabeled")


def test_all_upsamplings() -> None:
    """The largest one has blocks of its own."""
    config = dataclasses.replace(PLAIN, upsampling="most", size_hw=(128, 128))
    generator = make_generator(config)
    condition = condition_of(generator, painted_ids((128, 256)))
    torch.testing.assert_close(
        fresh_picture(generator, condition), dense_picture(generator, condition), **CLOSE
    )


def test_every_pixel_its_own_class() -> None:
    """No two neighbourhoods are alike: each block multiplies its own rows."""
    config = dataclasses.replace(PLAIN, num_classes=255, size_hw=(32, 32))
    generator = make_generator(config)
    ids = torch.randint(255, (1, 32, 32), generator=seeded(1))
    condition = generator.condition(ids)
    assert condition.neighborhoods_at((32, 32), 3).share == 1.0
    torch.testing.assert_close(
        fresh_picture(generator, condition), dense_picture(generator, condition), **CLOSE
    )


@pytest.mark.parametrize("normalization", ["batch", "instance"])
def test_maps_and_styles_are_paired_or_shared(normalization: str) -> None:
    config = dataclasses.replace(PLAIN, style_dim=3, normalization=normalization)
    generator = make_generator(config)
    painter = SpadeEngine(generator, precision="fp32", is_live=True)
    for num_maps, num_styles in ((1, 3), (3, 1), (2, 2), (1, 1), (3, 1), (1, 3)):
        maps = painted_ids((64, 96), batch=num_maps, seed=num_styles)
        condition, styles = condition_of(generator, maps), random_style(generator, num_styles)
        assert styles is not None
        count = max(num_maps, num_styles)
        got = engine_picture(painter, condition, styles)
        assert got.shape == (count, 3, 64, 96)
        expected = dense_picture(
            generator,
            condition_of(generator, maps.expand(count, -1, -1)),
            styles.expand(count, -1),
        )
        torch.testing.assert_close(got, expected, **CLOSE)


@pytest.mark.parametrize(
    "config", [PLAIN, dataclasses.replace(PLAIN, style_dim=3, interpolation="bilinear")]
)
def test_bf16_is_close(config: SpadeConfig) -> None:
    generator = make_generator(config)
    condition, style = random_condition(generator), random_style(generator, 1)
    expected = dense_picture(generator, condition, style)
    got = engine_picture(SpadeEngine(generator, precision="bf16"), condition, style)
    assert got.dtype == torch.float32
    error = (got - expected).abs()
    assert 0 < float(error.mean()) < 1e-2 * float(expected.abs().mean()) * 3
    assert float(error.max()) < 0.2


@pytest.mark.parametrize("chunk_bytes", [1, 3000, 10**9])
@pytest.mark.parametrize("strip_bytes", [1, 10**9])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_pieces_do_not_show(
    monkeypatch: pytest.MonkeyPatch,
    chunk_bytes: int,
    strip_bytes: int,
    interpolation: Interpolation,
) -> None:
    """The sizes of chunks and strips are a matter of speed alone."""
    generator = cached_generator(dataclasses.replace(PLAIN, interpolation=interpolation))
    condition = condition_of(generator, painted_ids((96, 64), batch=2))
    expected = dense_picture(generator, condition)
    monkeypatch.setattr(engine, "_CHUNK_BYTES", chunk_bytes)
    monkeypatch.setattr(engine, "_STRIP_BYTES", strip_bytes)
    monkeypatch.setattr(engine, "_MIN_STRIP", 5)
    monkeypatch.setattr(block_table, "_CHUNK_BLOCKS", 7)
    torch.testing.assert_close(fresh_picture(generator, condition), expected, **CLOSE)


def test_a_live_engine_is_not_needed_for_equal_bytes() -> None:
    """Without it, a picture depends on the map and the style alone, to the last bit."""
    generator = make_generator(dataclasses.replace(PLAIN, style_dim=3))
    style = random_style(generator, 1)
    chosen = condition_of(generator, painted_ids((64, 64), seed=1))
    expected = fresh_picture(generator, chosen, style)
    painter = SpadeEngine(generator, precision="fp32")
    for seed, size_hw in ((2, (64, 64)), (3, (128, 96)), (4, (64, 64))):
        engine_picture(painter, condition_of(generator, random_ids(size_hw, seed=seed)), style)
        again = condition_of(generator, painted_ids((64, 64), seed=1))
        assert torch.equal(engine_picture(painter, again, style), expected)
        assert torch.equal(painter.paint(style), expected)


@pytest.mark.parametrize("is_live", [False, True])
def test_only_a_live_engine_keeps_the_blocks_of_earlier_maps(
    is_live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = cached_generator(PLAIN)
    computed: list[int] = []
    scale_and_shift = FoldedNorm.scale_and_shift

    def counted(norm: FoldedNorm, hidden: Tensor, outer_blocks: Tensor) -> Tensor:
        computed.append(len(outer_blocks))
        return scale_and_shift(norm, hidden, outer_blocks)

    monkeypatch.setattr(FoldedNorm, "scale_and_shift", counted)
    monkeypatch.setattr(block_table, "_CROWDED_BLOCKS", 10**9)
    painter = SpadeEngine(generator, precision="fp32", is_live=is_live)
    for _ in range(2):
        painter.set_map(condition_of(generator, painted_ids((64, 64))))
        painter.set_map(condition_of(generator, random_ids((64, 64))))
    each_once = 2 * sum(3 if block.has_learned_shortcut else 2 for block in generator.blocks)
    assert computed[each_once:] == ([] if is_live else computed[:each_once])


def test_the_generator_stays_as_it_is() -> None:
    generator = make_generator(dataclasses.replace(PLAIN, has_spectral_norm=True))
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    painter = SpadeEngine(generator, precision="bf16", is_live=True)
    for seed in range(2):
        engine_picture(painter, condition_of(generator, painted_ids((64, 64), seed=seed)))
    after = generator.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_its_weights_are_copies() -> None:
    generator = make_generator(PLAIN)
    condition = random_condition(generator)
    painter = SpadeEngine(generator, precision="fp32")
    before = engine_picture(painter, condition)
    for block in generator.blocks:
        for norm in (block.norm_0, block.norm_1):
            norm.gamma.weight.zero_()
        block.conv_0.weight.zero_()
    assert torch.equal(engine_picture(painter, condition), before)


@pytest.mark.parametrize("style_dim", [None, 3])
def test_weights_are_taken_so_that_they_never_lie_in_memory_twice(style_dim: int | None) -> None:
    config = dataclasses.replace(PLAIN, style_dim=style_dim, has_spectral_norm=True)
    kept, taken = make_generator(config), make_generator(config)
    condition = random_condition(kept)
    style = None if style_dim is None else random_style(kept, 1)
    pictures = [
        engine_picture(
            SpadeEngine(each, precision="fp32", takes_weights=each is taken), condition, style
        )
        for each in (kept, taken)
    ]
    assert torch.equal(*pictures)
    assert all(each.is_meta for each in taken.blocks.parameters())
    assert not any(each.is_meta for each in kept.parameters())


def test_refusals() -> None:
    plain, styled = make_generator(PLAIN), make_generator(dataclasses.replace(PLAIN, style_dim=3))
    painter = SpadeEngine(plain, precision="fp32")
    with pytest.raises(RequestError, match=r"multiples of 32.*nearest size is 64x32"):
        painter.set_map(plain.condition(torch.zeros(1, 70, 32).long()))
    painter.set_map(random_condition(plain))
    with pytest.raises(RequestError, match="no style code"):
        painter.paint(torch.zeros(1, 3))
    painter = SpadeEngine(styled, precision="fp32")
    painter.set_map(random_condition(styled))
    with pytest.raises(RequestError, match="needs a style code"):
        painter.paint()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kernel_size", [1, 3])
def test_packed_layers_are_the_layers(dtype: torch.dtype, kernel_size: int) -> None:
    """For the size that the weights are laid out for, and for others."""
    layer = nn.Conv2d(6, 10, kernel_size, padding=kernel_size // 2, bias=kernel_size == 3)
    packed = PackedConvolution(layer, dtype=dtype, size_hw=(8, 8))
    error = {"atol": 1e-6 if dtype == torch.float32 else 0.03, "rtol": 0.0}
    for batch, height, width in ((1, 8, 8), (2, 3, 17), (1, 1, 1), (3, 40, 21)):
        x = torch.randn(batch, height, width, 6, generator=seeded(height))
        expected = layer(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        got = packed(x.to(dtype))
        assert got.dtype == dtype
        torch.testing.assert_close(got.float(), expected, **error)
        part = packed(x.to(dtype)[:, :, : (width + 1) // 2])  # pixels of a larger picture
        assert part.shape == (batch, height, (width + 1) // 2, 10)
        if kernel_size == 1:
            torch.testing.assert_close(part.float(), expected[:, :, : (width + 1) // 2], **error)


def test_packed_linear_by_hand() -> None:
    weight, bias = (
        torch.tensor([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]]),
        torch.tensor([0.0, 1.0, 2.0]),
    )
    x = torch.tensor([[2.0, 4.0], [-1.0, 0.0]])
    assert PackedLinear(weight, bias, num_rows=64)(x).tolist() == [[10, -3, 10], [-1, 1, -1]]
    assert PackedLinear(weight, None, num_rows=2)(x).tolist() == [[10, -4, 8], [-1, 0, -3]]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("style_dim", [None, 3])
def test_on_cuda(style_dim: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    generator = make_generator(dataclasses.replace(PLAIN, style_dim=style_dim))
    ids, style = painted_ids((64, 64)), random_style(generator, 2)
    expected = [
        dense_picture(generator, condition_of(generator, each), style)
        for each in (ids, ids.roll(9, 2))
    ]
    generator.to("cuda")
    painter = SpadeEngine(generator, precision="fp32", is_live=True)
    on_cuda = None if style is None else style.cuda()
    for each, picture in zip((ids, ids.roll(9, 2)), expected, strict=True):
        got = engine_picture(painter, condition_of(generator, each.cuda()), on_cuda)
        torch.testing.assert_close(got.cpu(), picture, atol=1e-4, rtol=0.0)
