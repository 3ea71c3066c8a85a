from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from sinopia.errors import LabelError, ModelError, RequestError
from sinopia.inference.block_table import FoldedNorm
from sinopia.inference.request import SynthesisRequest, read_request, write_picture
from sinopia.inference.synthesizer import Synthesizer, load_synthesizer
from sinopia.models.spade import SpadeConfig
from sinopia.scene import LabelMap, Vocabulary
from sinopia.scene.batch import images_from_tensor
from sinopia.seeding import derive_seed
from sinopia.zoo.checkpoint import load_model
from tests.conftest import save_random_model

PHOTO = np.random.default_rng(3).integers(0, 255, (40, 50, 3)).astype(np.uint8)


@pytest.fixture
def synthesizer(tiny_model_folder: Path) -> Synthesizer:
    return load_synthesizer(tiny_model_folder)


@pytest.fixture
def ready(synthesizer: Synthesizer, tiny_map: LabelMap) -> Synthesizer:
    synthesizer.set_label_map(tiny_map)
    return synthesizer


@pytest.fixture(scope="session")
def plain_folder(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary
) -> Path:
    """A model without style, trained with instance edges."""
    config = dataclasses.replace(tiny_config, style_dim=None, encoder=None, has_instance_edges=True)
    return save_random_model(tmp_path_factory.mktemp("models") / "plain", config, tiny_vocabulary)


def test_what_is_known_of_the_model(
    synthesizer: Synthesizer, tiny_vocabulary: Vocabulary, plain_folder: Path
) -> None:
    assert synthesizer.name == "tiny"
    assert synthesizer.vocabulary == tiny_vocabulary
    assert synthesizer.native_size == (32, 32)
    assert synthesizer.size_multiple == 32
    assert synthesizer.style_dim == 8
    assert synthesizer.can_read_style
    assert not synthesizer.needs_instances
    plain = load_synthesizer(plain_folder)
    assert (plain.style_dim, plain.can_read_style, plain.needs_instances) == (None, False, True)


def test_the_picture_is_what_the_networks_give(
    ready: Synthesizer, tiny_model_folder: Path, tiny_map: LabelMap
) -> None:
    """Without cached tables, in plain memory order: the same up to rounding of the last place."""
    networks = load_model(tiny_model_folder).networks
    noise = torch.randn((1, 8), generator=torch.Generator().manual_seed(derive_seed(4, "style")))
    condition = networks["generator"].condition(torch.as_tensor(tiny_map.ids.astype(int))[None])
    with torch.inference_mode():
        expected = images_from_tensor(networks["generator"](condition, noise))[0]
    picture = ready.synthesize(seed=4)
    assert picture.shape == (32, 32, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 5
    np.testing.assert_allclose(picture.astype(int), expected.astype(int), atol=1)


def test_neighbourhoods_are_computed_once_a_map(
    ready: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[FoldedNorm] = []
    scale_and_shift = FoldedNorm.scale_and_shift

    def counted(norm: FoldedNorm, hidden: torch.Tensor, blocks: torch.Tensor) -> torch.Tensor:
        computed.append(norm)
        return scale_and_shift(norm, hidden, blocks)

    monkeypatch.setattr(FoldedNorm, "scale_and_shift", counted)
    ids = np.zeros((32, 32), np.uint8)
    ready.set_label_map(ids)
    first = len(computed)
    assert first == len(set(computed)) > 10
    ready.synthesize(0)
    ready.synthesize(1)
    assert len(computed) == first


def test_same_request_same_bytes(ready: Synthesizer, tiny_model_folder: Path) -> None:
    pictures = list(ready.synthesize_seeds([0, 1, 0]))
    assert pictures[0].tobytes() == pictures[2].tobytes()
    assert pictures[0].tobytes() != pictures[1].tobytes()
    request = ready.request(1)
    assert (request.seed, request.model, request.size_hw) == (1, "tiny", (32, 32))
    again = load_synthesizer(tiny_model_folder)
    assert again.repaint(request).tobytes() == pictures[1].tobytes()
    assert again.request(1) == request


def test_a_live_synthesizer_that_forgot_is_a_fresh_one(
    tiny_model_folder: Path, tiny_map: LabelMap
) -> None:
    edited = tiny_map.ids.copy()
    edited[:9, :7] = (edited[0, 0] + 1) % 3
    fresh, live = (
        load_synthesizer(tiny_model_folder, precision="bf16", is_live=is_live)
        for is_live in (False, True)
    )
    live.set_label_map(tiny_map)
    live.synthesize(1)
    for each in (fresh, live):
        each.set_label_map(edited)
    difference = live.synthesize(1).astype(int) - fresh.synthesize(1)
    assert np.abs(difference).max() <= 2
    live.forget()
    with pytest.raises(RequestError, match="no label map yet"):
        live.synthesize(1)
    live.set_label_map(edited)
    np.testing.assert_array_equal(live.synthesize(1), fresh.synthesize(1))


def test_a_request_restores_the_work_from_a_picture(
    synthesizer: Synthesizer, tiny_map: LabelMap, tmp_path: Path
) -> None:
    synthesizer.set_label_map(tiny_map, size_hw=(64, 32))
    picture = synthesizer.synthesize(style=PHOTO)
    assert picture.shape == (64, 32, 3)
    write_picture(tmp_path / "a.png", picture, synthesizer.request(style=PHOTO))
    request = read_request(tmp_path / "a.png")
    assert request.seed is None
    assert request.style_photo_sha256 is not None
    np.testing.assert_array_equal(request.label_map.restore(), tiny_map.ids)
    np.testing.assert_array_equal(synthesizer.repaint(request), picture)


def test_repainting_a_class_changes_the_picture_there(
    ready: Synthesizer, tiny_map: LabelMap
) -> None:
    before = ready.synthesize(0).astype(int)
    ids = tiny_map.ids.copy()
    ids[10:22, 4:14] = 3
    ready.set_label_map(ids)
    change = np.abs(ready.synthesize(0) - before).mean(2)
    assert change[12:20, 6:12].mean() > 2 * change[:, 24:].mean()


def test_a_style_photo_is_read_as_the_mean_of_the_encoder(ready: Synthesizer) -> None:
    code = ready.encode_style(PHOTO)
    assert code.shape == (8,)
    assert code.dtype == np.float32
    picture = ready.synthesize(style=PHOTO)
    np.testing.assert_array_equal(picture, ready.synthesize(style=code))
    np.testing.assert_array_equal(picture, ready.synthesize(seed=9, style=PHOTO))
    assert (picture != ready.synthesize(style=255 - PHOTO)).any()


def test_photos_are_shrunk_with_antialiasing_before_they_are_read(ready: Synthesizer) -> None:
    """A checkerboard finer than the encoder's pixels is not there for it."""
    slope = np.linspace(64, 191, 480)[:, None, None] + np.zeros((480, 480, 3))
    board = (np.indices((480, 480)).sum(0) % 2 * 100 - 50)[..., None]
    smooth, rough = slope.astype(np.uint8), (slope + board).astype(np.uint8)
    code = ready.encode_style(smooth)
    assert np.abs(ready.encode_style(rough) - code).max() < 0.1 * np.abs(code).max()


def test_sizes(synthesizer: Synthesizer, tiny_map: LabelMap, tiny_vocabulary: Vocabulary) -> None:
    wide = LabelMap(np.zeros((32, 96), np.uint8), tiny_vocabulary)
    synthesizer.set_label_map(wide)
    assert synthesizer.synthesize().shape == (32, 96, 3)
    with pytest.raises(RequestError, match=r"asked for 30x60 .* --size 32 64"):
        synthesizer.set_label_map(np.zeros((30, 60), np.uint8))
    synthesizer.set_label_map(np.zeros((30, 60), np.uint8), size_hw=(32, 64))
    assert synthesizer.synthesize().shape == (32, 64, 3)
    assert synthesizer.request().label_map.size_hw == (30, 60)


def test_maps_that_do_not_fit(synthesizer: Synthesizer, tiny_vocabulary: Vocabulary) -> None:
    with pytest.raises(RequestError, match=r"set_label_map\(\) first"):
        synthesizer.synthesize()
    camvid = Vocabulary.built_in("camvid")
    with pytest.raises(LabelError, match=r"vocabulary 'camvid' .* model 'tiny' paints 'tiny'"):
        synthesizer.set_label_map(LabelMap(np.zeros((32, 32), np.uint8), camvid))
    with pytest.raises(LabelError, match=r"holds id 5 at pixel \(x=0, y=0\)"):
        synthesizer.set_label_map(np.full((32, 32), 5, np.uint8))
    renamed = dataclasses.replace(tiny_vocabulary, name="other")
    synthesizer.set_label_map(LabelMap(np.zeros((32, 32), np.uint8), renamed))
    with pytest.raises(RequestError, match="trained without instance maps"):
        synthesizer.set_label_map(np.zeros((32, 32), np.uint8), np.zeros((32, 32), int))


@pytest.mark.parametrize(
    ("style", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), r"expected a photo .* got float32 \(4, 4, 3\)"),
        (np.zeros((4, 4, 4), np.uint8), r"expected a photo .* got uint8 \(4, 4, 4\)"),
        (np.zeros(7, np.float32), r"a style code of 8 real numbers, got float32 \(7,\)"),
        (np.zeros(8, np.int64), "got int64"),
        (np.full(8, np.nan), "not numbers"),
    ],
)
def test_styles_that_do_not_fit(ready: Synthesizer, style: np.ndarray, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        ready.synthesize(style=style)
    with pytest.raises(RequestError, match=message):
        ready.request(style=style)


def test_a_model_with_edges_and_without_style(plain_folder: Path, tiny_map: LabelMap) -> None:
    plain = load_synthesizer(plain_folder)
    with pytest.raises(RequestError, match="give an instance map"):
        plain.set_label_map(tiny_map)
    with pytest.raises(RequestError, match=r"integers of shape \(32, 32\)"):
        plain.set_label_map(tiny_map, np.zeros((16, 16), int))
    instances = np.zeros((32, 32), np.int32)
    plain.set_label_map(tiny_map, instances)
    whole = plain.synthesize(0)
    np.testing.assert_array_equal(plain.synthesize(1), whole)
    instances[8:20, 8:20] = 300
    plain.set_label_map(tiny_map, instances)
    assert (plain.synthesize() != whole).any()
    request = plain.request(5)
    assert (request.seed, request.style_code) == (None, None)
    np.testing.assert_array_equal(plain.repaint(request), plain.synthesize())
    for style in (PHOTO, np.zeros(8, np.float32)):
        with pytest.raises(RequestError, match="one picture per map"):
            plain.synthesize(style=style)


def test_a_model_without_encoder(
    tmp_path: Path, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary, tiny_map: LabelMap
) -> None:
    config = dataclasses.replace(tiny_config, encoder=None)
    synthesizer = load_synthesizer(save_random_model(tmp_path / "m", config, tiny_vocabulary))
    synthesizer.set_label_map(tiny_map)
    with pytest.raises(RequestError, match=r"'m' has no encoder .* Choose a seed instead"):
        synthesizer.synthesize(style=PHOTO)
    synthesizer.synthesize(style=np.zeros(8))


def test_requests_for_another_model(ready: Synthesizer, tiny_model_folder: Path) -> None:
    request = ready.request()

    def refused(message: str, **changes: object) -> None:
        changed: SynthesisRequest = dataclasses.replace(request, **changes)  # type: ignore[arg-type]
        with pytest.raises(RequestError, match=message):
            ready.repaint(changed)

    refused("for model 'tiny' with weights 0000", weights_sha256="0" * 64)
    refused("for precision bf16", precision="bf16")
    refused("neither a seed nor a style code", seed=None)


def test_bf16_is_close_and_recorded(tiny_model_folder: Path, tiny_map: LabelMap) -> None:
    pictures = {}
    for precision in ("fp32", "bf16"):
        synthesizer = load_synthesizer(tiny_model_folder, precision=precision)  # type: ignore[arg-type]
        synthesizer.set_label_map(tiny_map)
        pictures[precision] = synthesizer.synthesize(0).astype(int)
        assert synthesizer.request().precision == precision
    difference = np.abs(pictures["fp32"] - pictures["bf16"])
    assert 0 < difference.mean() < 4


def test_no_such_model_or_device(tiny_model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model 'nowhere'"):
        load_synthesizer("nowhere")
    if not torch.cuda.is_available():
        with pytest.raises(RequestError, match="torch finds no CUDA device"):
            load_synthesizer(tiny_model_folder, device="cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_cpu(tiny_model_folder: Path, tiny_map: LabelMap) -> None:
    pictures = []
    for device in ("cpu", "cuda"):
        synthesizer = load_synthesizer(tiny_model_folder, device=device)
        synthesizer.set_label_map(tiny_map)
        pictures.append(synthesizer.synthesize(0).astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() <= 8
