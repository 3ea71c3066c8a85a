from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from sinopia.errors import ModelError
from sinopia.models.spade import SpadeEncoder, build_discriminator
from sinopia.scene.vocabulary import SemanticClass, Vocabulary
from sinopia.zoo.adapters.foreign import read_foreign
from sinopia.zoo.adapters.map_channels import map_channels
from sinopia.zoo.adapters.spade import import_discriminator, import_encoder, import_generator
from sinopia.zoo.adapters.spade_model import import_model
from sinopia.zoo.checkpoint import load_model, save_model
from tests.zoo.official import (
    OfficialDiscriminator,
    OfficialEncoder,
    OfficialGenerator,
    dense_map,
    randomize,
)


def small_vocabulary(num_classes: int, name: str = "small") -> Vocabulary:
    return Vocabulary(
        name, tuple(SemanticClass(f"c{k}", (k, 1, 2), source_id=k) for k in range(num_classes))
    )


@dataclass(frozen=True)
class Case:
    vocabulary: Vocabulary
    unlabeled: bool
    edges: bool
    order: str = "ours"
    mode: str = "normal"
    grid: tuple[int, int] = (2, 2)
    z_dim: int | None = None
    norm: str = "batch"
    kernel: int = 3
    sn: bool = True
    hidden: int = 8
    dtype: torch.dtype = torch.float32

    @property
    def semantic(self) -> int:
        return len(self.vocabulary) + self.unlabeled + self.edges

    @property
    def size_hw(self) -> tuple[int, int]:
        step = {"normal": 32, "more": 64, "most": 128}[self.mode]
        return (self.grid[0] * step, self.grid[1] * step)

    def generator(self, seed: int = 0) -> OfficialGenerator:
        network = OfficialGenerator(
            self.semantic,
            ngf=2,
            mode=self.mode,
            z_dim=self.z_dim,
            grid=self.grid,
            norm=self.norm,
            kernel=self.kernel,
            sn=self.sn,
            hidden=self.hidden,
        )
        randomize(network, seed)
        return network

    def maps(self, size_hw: tuple[int, int], batch: int = 2) -> tuple[Tensor, Tensor | None]:
        torch.manual_seed(4)
        blocks = torch.randint(0, len(self.vocabulary) + 1, (batch, 8, 8))
        if not self.unlabeled:
            blocks = blocks.clamp_max(len(self.vocabulary) - 1)
        ids = torch.where(blocks == len(self.vocabulary), 255, blocks)
        rows = torch.arange(size_hw[0]) * 8 // size_hw[0]
        columns = torch.arange(size_hw[1]) * 8 // size_hw[1]
        ids = ids[:, rows][:, :, columns]
        edges = (torch.rand(batch, 1, *size_hw) < 0.2).float() if self.edges else None
        return ids, edges


CASES = {
    "coco": Case(
        Vocabulary.built_in("coco-stuff"), unlabeled=True, edges=True, hidden=128, grid=(1, 2)
    ),
    "coco-vae": Case(Vocabulary.built_in("coco-stuff"), unlabeled=True, edges=True, z_dim=256),
    "ade": Case(Vocabulary.built_in("ade20k"), unlabeled=True, edges=False, order="ade"),
    "ade-vae": Case(
        Vocabulary.built_in("ade20k"), unlabeled=True, edges=False, order="ade", z_dim=8
    ),
    "cityscapes": Case(
        Vocabulary.built_in("cityscapes"), unlabeled=False, edges=True, mode="more", grid=(1, 2)
    ),
    "cityscapes-vae": Case(
        Vocabulary.built_in("cityscapes"),
        unlabeled=False,
        edges=True,
        mode="more",
        grid=(1, 2),
        z_dim=8,
    ),
    "most": Case(small_vocabulary(5), unlabeled=True, edges=True, mode="most", grid=(1, 1)),
    "no extra channel": Case(small_vocabulary(5), unlabeled=False, edges=False),
    "instance norm, plain, 5x5": Case(
        small_vocabulary(5),
        unlabeled=True,
        edges=False,
        norm="instance",
        sn=False,
        kernel=5,
        dtype=torch.float64,  # instance norm of a few pixels magnifies the rounding of float32
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_imported_generator_gives_what_the_published_definition_gives(
    name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    theirs = case.generator()
    torch.save(theirs.state_dict(), tmp_path / "latest_net_G.pth")
    imported = import_model(
        tmp_path / "latest_net_G.pth", vocabulary=case.vocabulary, size_hw=case.size_hw
    )
    save_model(tmp_path / "model", imported.model, card=imported.card)
    model = load_model(tmp_path / "model")

    config = model.config
    assert config.upsampling == case.mode
    assert config.base_channels == 2
    assert config.normalization == case.norm
    assert (config.kernel_size, config.hidden_channels) == (case.kernel, case.hidden)
    assert config.has_spectral_norm == case.sn
    assert config.style_dim == case.z_dim
    assert (config.has_unlabeled, config.has_instance_edges) == (case.unlabeled, case.edges)

    ids, edges = case.maps(case.size_hw)
    dense = dense_map(
        ids, len(case.vocabulary), order=case.order, unlabeled=case.unlabeled, edges=edges
    )
    style = torch.randn(2, case.z_dim) if case.z_dim else None
    theirs.to(case.dtype)
    generator = model.networks["generator"].to(case.dtype)
    unfolded = imported.model.networks["generator"].to(case.dtype)
    with torch.no_grad():
        expected = theirs(dense.to(case.dtype), style)
        got = generator(generator.condition(ids, edges), style)
        before = unfolded(generator.condition(ids, edges), style)
    assert expected.std() > 0.05  # or the comparison shows nothing
    assert (got - expected).abs().max() <= 1e-5
    assert (before - expected).abs().max() <= 1e-5


@pytest.mark.parametrize(
    ("mode", "z_dim", "num_keys"), [("normal", None, 234), ("more", 8, 234), ("most", None, 272)]
)
def test_key_counts_of_generators(mode: str, z_dim: int | None, num_keys: int) -> None:
    network = OfficialGenerator(6, mode=mode, z_dim=z_dim, grid=(1, 1))
    assert len(network.state_dict()) == num_keys
    imported = import_generator(
        network.state_dict(),
        vocabulary=small_vocabulary(5),
        upsampling=mode,  # pyright: ignore[reportArgumentType]
        size_hw=None,
    )
    assert len(imported.state) == num_keys


def test_encoder() -> None:
    theirs = randomize(OfficialEncoder(ngf=2, z_dim=16), 1)
    assert len(theirs.state_dict()) == 22
    config, style_dim, state, notes = import_encoder(theirs.state_dict())
    assert (config.base_channels, config.input_size, style_dim, notes) == (2, 256, 16, ())
    ours = SpadeEncoder(config, style_dim=style_dim).eval()
    ours.load_state_dict(state)
    images = torch.rand(2, 3, 100, 80) * 2 - 1
    with torch.no_grad():
        for got, expected in zip(ours(images), theirs(images), strict=True):
            assert expected.std() > 0.01
            assert (got - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("name", ["coco", "ade", "cityscapes"])
def test_discriminator(name: str) -> None:
    case = CASES[name]
    theirs = randomize(OfficialDiscriminator(case.semantic), 2)
    assert len(theirs.state_dict()) == 26
    imported = import_discriminator(theirs.state_dict(), vocabulary=case.vocabulary)
    assert imported.condition_channels == case.semantic
    ours = build_discriminator(imported.config, condition_channels=case.semantic).eval()
    ours.load_state_dict(imported.state)

    ids, edges = case.maps((64, 64))
    options = {"unlabeled": case.unlabeled, "edges": edges}
    images = torch.rand(2, 3, 64, 64)
    their_map = dense_map(ids, len(case.vocabulary), order=case.order, **options)
    our_map = dense_map(ids, len(case.vocabulary), order="ours", **options)
    with torch.no_grad():
        expected = theirs(torch.cat([their_map, images], 1))
        got = ours(torch.cat([our_map, images], 1))
    for scale, expected_scale in zip(got, expected, strict=True):
        for feature, expected_feature in zip(scale, expected_scale, strict=True):
            assert (feature - expected_feature).abs().max() <= 1e-5


def test_discriminator_of_another_depth_and_number() -> None:
    state = OfficialDiscriminator(6, num_d=3, n_layers=3).state_dict()
    imported = import_discriminator(state, vocabulary=small_vocabulary(5))
    assert (imported.config.num_layers, imported.config.num_scales) == (3, 3)


def test_missing_counters_start_at_zero() -> None:
    case = CASES["no extra channel"]
    state = case.generator().state_dict()
    old = {name: x for name, x in state.items() if not name.endswith("num_batches_tracked")}
    imported = import_generator(old, vocabulary=case.vocabulary)
    counters = [x for name, x in imported.state.items() if name.endswith("num_batches_tracked")]
    assert len(counters) == 18
    assert all(int(x) == 0 for x in counters)


def test_vectors_of_files_before_torch_1_0_are_computed() -> None:
    case = CASES["no extra channel"]
    network = case.generator()
    state = dict(network.state_dict())
    old = {name: x for name, x in state.items() if not name.endswith("weight_v")}
    old["head_0.conv_0.weight"] = state["head_0.conv_0.weight_orig"] / 2  # such files hold it
    imported = import_generator(old, vocabulary=case.vocabulary)
    assert any("18 spectral vectors" in note for note in imported.notes)
    weight, u = state["up_0.conv_s.weight_orig"], state["up_0.conv_s.weight_u"]
    v = weight.flatten(1).T @ u
    got = imported.state["blocks.3.conv_shortcut.parametrizations.weight.0._v"]
    assert torch.allclose(got, v / v.norm(), atol=1e-6)
    # one more half-step of the power iteration moves sigma little
    assert torch.allclose(got, state["up_0.conv_s.weight_v"], atol=0.3)


@pytest.mark.parametrize(
    ("channels", "vocabulary", "options", "expected"),
    [
        (184, "coco-stuff", {}, (True, True, "shifted")),
        (183, "coco-stuff", {}, (True, False, "shifted")),
        (183, "coco-stuff", {"has_edges": True}, (False, True, "shifted")),
        (183, "coco-stuff", {"has_unlabeled": False}, (False, True, "shifted")),
        (182, "coco-stuff", {}, (False, False, "shifted")),
        (151, "ade20k", {}, (True, False, "raw")),
        (151, "ade20k", {"label_order": "shifted"}, (True, False, "shifted")),
        (152, "ade20k", {}, (True, True, "raw")),
        (150, "ade20k", {}, (False, False, "shifted")),
        (36, "cityscapes", {}, (False, True, "shifted")),
        (36, "cityscapes", {"has_unlabeled": True}, (True, False, "shifted")),
        (35, "cityscapes", {}, (False, False, "shifted")),
    ],
)
def test_map_channels(
    channels: int, vocabulary: str, options: dict[str, bool], expected: tuple[object, ...]
) -> None:
    found = map_channels(channels, Vocabulary.built_in(vocabulary), **options)  # pyright: ignore[reportArgumentType]
    assert found[:3] == expected
    assert sorted(found.order) == list(range(channels))


def test_raw_order_by_hand() -> None:
    channels = map_channels(
        5, small_vocabulary(3), has_unlabeled=True, has_edges=True, label_order="raw"
    )
    assert channels.order == (1, 2, 3, 0, 4)
    assert "unlabeled, 3 classes, instance edges (label order 'raw')" in channels.description
    shifted = map_channels(5, small_vocabulary(3))
    assert shifted.order == (0, 1, 2, 3, 4)
    assert "3 classes, unlabeled, instance edges (label order 'shifted')" in shifted.description


def test_channels_that_do_not_fit() -> None:
    with pytest.raises(ModelError, match=r"maps of 9 channels, but vocabulary 'small' has 5"):
        map_channels(9, small_vocabulary(5))
    with pytest.raises(ModelError, match=r"instance edges \(asked for\)"):
        map_channels(5, small_vocabulary(5), has_edges=True)
    with pytest.raises(ModelError, match=r"'raw' means that channel 0 is unlabeled"):
        map_channels(5, small_vocabulary(5), label_order="raw")


@pytest.mark.parametrize(
    ("vocabulary", "z_dim", "grid", "options", "expected"),
    [
        ("small", None, (2, 2), {}, ("normal", (256, 256))),
        ("small", None, (2, 2), {"upsampling": "more"}, ("more", (512, 512))),
        ("small", None, (2, 2), {"size_hw": (64, 96)}, ("normal", (64, 96))),
        ("cityscapes", None, (2, 2), {}, ("more", (256, 512))),
        ("cityscapes", None, (2, 2), {"upsampling": "normal"}, ("normal", (128, 256))),
        ("small", 4, (8, 8), {}, ("normal", (256, 256))),
        ("small", 4, (4, 4), {}, ("more", (256, 256))),  # an encoder needs 256 or more
        ("small", 4, (4, 4), {"size_hw": (128, 128)}, ("normal", (128, 128))),
        ("small", 4, (4, 4), {"upsampling": "normal"}, ("normal", (128, 128))),
        ("small", 4, (2, 4), {"size_hw": (64, 128)}, ("normal", (64, 128))),
        ("cityscapes", 4, (4, 8), {}, ("more", (256, 512))),
    ],
)
def test_size_and_upsampling(
    vocabulary: str,
    z_dim: int | None,
    grid: tuple[int, int],
    options: dict[str, object],
    expected: tuple[str, tuple[int, int]],
) -> None:
    words = Vocabulary.built_in("cityscapes") if vocabulary == "cityscapes" else small_vocabulary(5)
    state = OfficialGenerator(len(words) + 1, z_dim=z_dim, grid=grid).state_dict()
    config = import_generator(state, vocabulary=words, **options).config  # pyright: ignore[reportArgumentType]
    assert (config.upsampling, config.size_hw) == expected


def test_what_was_assumed_is_said() -> None:
    case = CASES["no extra channel"]
    notes = "\n".join(
        import_generator(case.generator().state_dict(), vocabulary=case.vocabulary).notes
    )
    assert "5 channels were taken as 5 classes" in notes
    assert "upsampling 'normal' was assumed" in notes
    assert "size 256x256 (height x width) was assumed" in notes


def test_every_problem_is_listed() -> None:
    case = CASES["no extra channel"]
    state = dict(case.generator().state_dict())
    del state["up_1.conv_0.bias"], state["conv_img.weight"]
    state["up_2.conv_1.bias"] = torch.zeros(9)
    state["up_7.extra"] = torch.zeros(1)
    with pytest.raises(ModelError) as caught:
        import_generator(state, vocabulary=case.vocabulary)
    lines = str(caught.value).splitlines()
    assert [line.strip() for line in lines[1:]] == [
        "up_1.conv_0.bias: missing",
        "up_2.conv_1.bias: shape [9], expected [4]",
        "conv_img.weight: missing",
        "up_7.extra: unknown",
    ]


def test_other_networks_are_recognised() -> None:
    words = small_vocabulary(5)
    encoder = OfficialEncoder().state_dict()
    generator = OfficialGenerator(6).state_dict()
    discriminator = OfficialDiscriminator(6).state_dict()
    with pytest.raises(ModelError, match=r"not a SPADE generator.*looks like an encoder"):
        import_generator(encoder, vocabulary=words)
    with pytest.raises(ModelError, match=r"not a SPADE generator.*looks like a discriminator"):
        import_generator(discriminator, vocabulary=words)
    with pytest.raises(ModelError, match=r"not a SPADE encoder.*looks like a generator"):
        import_encoder(generator)
    with pytest.raises(ModelError, match=r"not a SPADE discriminator.*looks like a generator"):
        import_discriminator(generator, vocabulary=words)
    parallel = {f"module.{name}": tensor for name, tensor in generator.items()}
    with pytest.raises(ModelError, match=r"begin with 'module\.'"):
        import_generator(parallel, vocabulary=words)
    with pytest.raises(ModelError, match=r"it has no 'fc\.weight'"):
        import_generator({}, vocabulary=words)


def test_arguments_that_contradict_the_file() -> None:
    words = small_vocabulary(5)
    most = OfficialGenerator(6, mode="most", grid=(1, 1)).state_dict()
    with pytest.raises(ModelError, match=r"'more' does not fit the file: it has .* up_4"):
        import_generator(most, vocabulary=words, upsampling="more")
    styled = OfficialGenerator(6, z_dim=4, grid=(2, 2)).state_dict()
    with pytest.raises(ModelError, match=r"'most' does not fit the file: it lacks"):
        import_generator(styled, vocabulary=words, upsampling="most")
    with pytest.raises(ModelError, match=r"4 cells does not fit pictures of 96x96"):
        import_generator(styled, vocabulary=words, size_hw=(96, 96))
    oblong = OfficialGenerator(6, z_dim=4, grid=(1, 3)).state_dict()
    with pytest.raises(ModelError, match=r"3 cells, from which the size .* --size H W"):
        import_generator(oblong, vocabulary=words)
    plain = OfficialGenerator(6).state_dict()
    with pytest.raises(ModelError, match=r"cannot be built: size_hw: 100x64"):
        import_generator(plain, vocabulary=words, size_hw=(100, 64))


class NotATensor:
    """Something that a pickle could run code with."""


def test_files_that_hold_no_tensors(tmp_path: Path) -> None:
    path = tmp_path / "latest_net_G.pth"
    words = small_vocabulary(5)
    with pytest.raises(ModelError, match="there is none"):
        import_model(path, vocabulary=words)
    torch.save({"net": NotATensor()}, path)
    with pytest.raises(ModelError, match="could run code; it was not opened"):
        import_model(path, vocabulary=words)
    torch.save({"state_dict": OfficialGenerator(6).state_dict()}, path)
    with pytest.raises(ModelError, match="expected a mapping of names to tensors"):
        import_model(path, vocabulary=words)


@pytest.mark.parametrize("is_zip", [True, False])
def test_both_pth_formats_and_truncated_ones(tmp_path: Path, is_zip: bool) -> None:
    path = tmp_path / "net.pth"
    state = OfficialEncoder().state_dict()
    torch.save(state, path, _use_new_zipfile_serialization=is_zip)
    read = read_foreign(path)
    assert all(torch.equal(read[name], tensor) for name, tensor in state.items())
    content = path.read_bytes()
    for length in (0, 10, 1000, len(content) // 2, len(content) - 5):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match="cut short"):
            read_foreign(path)


def test_half_precision_is_read_as_float32(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2, dtype=torch.float16)}, tmp_path / "net.pth")
    assert read_foreign(tmp_path / "net.pth")["a"].dtype == torch.float32


def test_generator_with_its_encoder(tmp_path: Path) -> None:
    words = small_vocabulary(5)
    generator = randomize(OfficialGenerator(6, z_dim=16, grid=(1, 1)), 0)
    encoder = randomize(OfficialEncoder(z_dim=16), 1)
    torch.save(generator.state_dict(), tmp_path / "G.pth")
    torch.save(encoder.state_dict(), tmp_path / "E.pth")
    imported = import_model(
        tmp_path / "G.pth", vocabulary=words, encoder_path=tmp_path / "E.pth", size_hw=(32, 32)
    )
    save_model(tmp_path / "model", imported.model, card=imported.card)
    model = load_model(tmp_path / "model")
    images = torch.rand(1, 3, 256, 256)
    with torch.no_grad():
        for got, expected in zip(model.networks["encoder"](images), encoder(images), strict=True):
            assert (got - expected).abs().max() <= 1e-5
    assert [source["file"] for source in model.facts["imported_from"]] == ["G.pth", "E.pth"]
    assert "E.pth" in (tmp_path / "model" / "README.md").read_text()


def test_encoders_that_do_not_fit(tmp_path: Path) -> None:
    words = small_vocabulary(5)
    torch.save(OfficialGenerator(6, z_dim=8, grid=(8, 8)).state_dict(), tmp_path / "G.pth")
    torch.save(OfficialGenerator(6).state_dict(), tmp_path / "plain.pth")
    torch.save(OfficialEncoder(z_dim=16).state_dict(), tmp_path / "E.pth")
    with pytest.raises(ModelError, match=r"codes of 16 numbers, but the generator takes 8"):
        import_model(tmp_path / "G.pth", vocabulary=words, encoder_path=tmp_path / "E.pth")
    with pytest.raises(ModelError, match=r"16 numbers, but the generator has no style code"):
        import_model(tmp_path / "plain.pth", vocabulary=words, encoder_path=tmp_path / "E.pth")
    assert any("no encoder" in n for n in import_model(tmp_path / "G.pth", vocabulary=words).notes)
