from __future__ import annotations

import dataclasses
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from sinopia.errors import ModelError
from sinopia.files import file_sha256
from sinopia.models.spade import SpadeConfig, SpadeEncoderConfig
from sinopia.scene.vocabulary import SemanticClass, Vocabulary
from sinopia.zoo.checkpoint import Model, folded_state, load_model, save_model
from sinopia.zoo.manifest import describe_model
from sinopia.zoo.registry import FAMILIES

VOCABULARY = Vocabulary(
    "five", tuple(SemanticClass(f"c{k}", (k, 0, 0), source_id=k) for k in range(5))
)
CONFIG = SpadeConfig(
    num_classes=5,
    size_hw=(32, 32),
    base_channels=2,
    hidden_channels=8,
    style_dim=4,
    encoder=SpadeEncoderConfig(base_channels=2, input_size=16),
)
FACTS = {"images_seen": 12, "licence": "none", "metrics": {"fid": None, "miou": 0.5}}


def make_model(seed: int = 0, **changes: Any) -> Model:
    torch.manual_seed(seed)
    config = dataclasses.replace(CONFIG, **changes)
    networks = FAMILIES["spade"].build(config)
    condition = networks["generator"].condition(torch.randint(0, 5, (2, 32, 32)))
    networks["generator"](condition, *([] if config.style_dim is None else [torch.randn(2, 4)]))
    return Model("spade", config, VOCABULARY, networks, dict(FACTS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "model", make_model(), card="# A card\n")
    return tmp_path / "model"


def paint(model: Model) -> torch.Tensor:
    generator = model.networks["generator"]
    torch.manual_seed(9)
    condition, style = generator.condition(torch.randint(0, 5, (1, 32, 64))), torch.randn(1, 4)
    was_training = generator.training
    with torch.no_grad():
        image = generator.eval()(condition, style)
    generator.train(was_training)
    return image


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float32, 1e-6), (torch.bfloat16, 0.02), (torch.float16, 2e-3)],
)
def test_round_trip(tmp_path: Path, dtype: torch.dtype, tolerance: float) -> None:
    model = make_model()
    preview = np.full((8, 8, 3), 200, np.uint8)
    save_model(tmp_path / "model", model, card="# A card\n", preview=preview, dtype=dtype)
    assert sorted(each.name for each in (tmp_path / "model").iterdir()) == [
        "README.md",
        "model.json",
        "preview.jpg",
        "weights.safetensors",
    ]
    assert (tmp_path / "model" / "README.md").read_text() == "# A card\n"
    with Image.open(tmp_path / "model" / "preview.jpg") as image:
        assert image.size == (8, 8)

    loaded = load_model(tmp_path / "model")
    assert (loaded.family, loaded.config, loaded.vocabulary) == ("spade", CONFIG, VOCABULARY)
    assert loaded.facts == FACTS
    for network in loaded.networks.values():
        assert not network.training
        for tensor in network.state_dict().values():
            assert tensor.dtype in (torch.float32, torch.int64)
            assert tensor.device.type == "cpu"
        assert not any(parameter.requires_grad for parameter in network.parameters())
    assert (paint(loaded) - paint(model)).abs().max() <= tolerance
    images = torch.rand(1, 3, 20, 24)
    with torch.no_grad():
        expected = model.networks["encoder"].eval()(images)[0]
        assert (loaded.networks["encoder"](images)[0] - expected).abs().max() <= tolerance * 2


def test_saving_a_loaded_model_changes_nothing(folder: Path, tmp_path: Path) -> None:
    save_model(tmp_path / "again", load_model(folder), card="# A card\n")
    for name in ("model.json", "weights.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_files_are_ordinary(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    expected = (tmp_path / "plain").stat().st_mode
    assert {each.stat().st_mode for each in folder.iterdir()} == {expected}


def test_running_statistics_keep_their_precision(tmp_path: Path) -> None:
    save_model(tmp_path / "model", make_model(), card="", dtype=torch.bfloat16)
    tensors = load_file(tmp_path / "model" / "weights.safetensors")
    kinds = {name.rsplit(".", 1)[-1]: tensor.dtype for name, tensor in tensors.items()}
    assert kinds == {
        "weight": torch.bfloat16,
        "bias": torch.bfloat16,
        "running_mean": torch.float32,
        "running_var": torch.float32,
        "num_batches_tracked": torch.int64,
    }


def test_folding_by_hand() -> None:
    layer = spectral_norm(nn.Conv2d(2, 3, 1))
    network = nn.Sequential(layer).eval()
    matrix = layer.parametrizations.weight.original.detach().flatten(1)
    u, v = layer.parametrizations.weight[0]._u, layer.parametrizations.weight[0]._v
    state = folded_state(network)
    assert sorted(state) == ["0.bias", "0.weight"]
    assert torch.allclose(state["0.weight"].flatten(1), matrix / (u @ matrix @ v))


def test_saving_leaves_a_network_in_training_as_it_is(tmp_path: Path) -> None:
    model = make_model()
    before = {k: x.clone() for k, x in model.networks["generator"].state_dict().items()}
    save_model(tmp_path / "model", model, card="")
    assert model.networks["generator"].training
    after = model.networks["generator"].state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[k], after[k]) for k in before)
    paint(model)  # it still runs


def test_a_model_without_encoder_and_spectral_norm(tmp_path: Path) -> None:
    model = make_model(style_dim=None, encoder=None, has_spectral_norm=False)
    save_model(tmp_path / "model", model, card="")
    assert list(load_model(tmp_path / "model").networks) == ["generator"]


def test_describe(folder: Path) -> None:
    description = describe_model(folder)
    model = load_model(folder)
    assert description.num_parameters == sum(
        parameter.numel() for net in model.networks.values() for parameter in net.parameters()
    )
    assert description.num_bytes == (folder / "weights.safetensors").stat().st_size
    assert (description.family, description.dtype) == ("spade", "float32")
    assert description.config["base_channels"] == 2
    assert description.vocabulary == VOCABULARY
    assert description.facts == FACTS


def test_keys_of_the_first_format(folder: Path) -> None:
    """Users' files have these names: a change here must be deliberate."""
    names = list(load_file(folder / "weights.safetensors"))
    assert len(names) == 234 - 2 * 18 + 6  # 18 spectral convolutions; the encoder's 4 layers
    for name in (
        "generator.start.weight",
        "generator.blocks.0.norm_0.normalize.running_mean",
        "generator.blocks.0.norm_0.shared.weight",
        "generator.blocks.3.norm_shortcut.gamma.bias",
        "generator.blocks.3.conv_shortcut.weight",
        "generator.blocks.6.conv_1.bias",
        "generator.to_image.weight",
        "encoder.layers.0.0.weight",
        "encoder.to_mean.weight",
        "encoder.to_log_variance.bias",
    ):
        assert name in names
    assert list(json.loads((folder / "model.json").read_text())) == [
        "format_version",
        "family",
        "config",
        "vocabulary",
        "facts",
        "weights",
        "styles",
    ]


# Errors


def edit(folder: Path, **changes: Any) -> None:
    content = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(content | changes))


def edit_config(folder: Path, **changes: Any) -> None:
    content = json.loads((folder / "model.json").read_text())
    edit(folder, config=content["config"] | changes)


def edit_weights(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    path = folder / "weights.safetensors"
    save_file(tensors, path)
    entry = {"num_bytes": path.stat().st_size, "sha256": file_sha256(path), "dtype": "float32"}
    edit(folder, weights=entry)


def test_missing_folder_and_files(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model folder at .*nowhere\. Models with a name: "):
        load_model(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"not a model folder: it has no model\.json"):
        load_model(tmp_path)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(ModelError, match=r"file of weights at .*weights\.safetensors"):
        load_model(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("\xff", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "expected an object, got list"),
        ("{}", "format_version is None; expected 1"),
        ('{"format_version": 2}', "format version 2; this sinopia reads up to 1. Upgrade"),
        ('{"format_version": 1, "extra": 0}', "extra: no such field"),
        ('{"format_version": 1}', "this field is required"),
        (" " * (8 * 2**20 + 1), "8,388,609 bytes"),
    ],
)
def test_bad_manifests(folder: Path, text: str, message: str) -> None:
    (folder / "model.json").write_bytes(text.encode("latin-1"))
    for read in (load_model, describe_model):
        with pytest.raises(ModelError, match=message):
            read(folder)


def test_unknown_family(folder: Path) -> None:
    edit(folder, family="spode")
    with pytest.raises(ModelError, match=r"no model family 'spode'; this sinopia knows spade"):
        load_model(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base_chanels": 2}, r"config\.base_chanels: no such field"),
        ({"base_channels": 1000}, r"base_channels \* channel_multipliers: expected 1 to 4096"),
        ({"hidden_channels": 10**9}, r"config\.hidden_channels: expected 1 to 4096"),
        ({"hidden_channels": 0}, r"config\.hidden_channels: expected 1 to 4096"),
        ({"kernel_size": 11}, r"config\.kernel_size: expected 1 to 9, got 11"),
        ({"size_hw": [32, 4096]}, r"config\.size_hw: expected 1 to 2048, got 4096"),
        ({"size_hw": [32, 33]}, r"does not fit upsampling"),
        ({"style_dim": 10**7}, r"config\.style_dim: expected 1 to 4096"),
        ({"num_classes": 256}, r"expected 1 to 255 classes"),
        ({"num_classes": 4}, r"start|shared\.weight has shape"),
    ],
)
def test_bad_configs(folder: Path, changes: dict[str, Any], message: str) -> None:
    edit_config(folder, **changes)
    with pytest.raises(ModelError, match=message) as caught:
        load_model(folder)
    assert str(folder) in str(caught.value)


def test_a_large_encoder_is_refused(folder: Path) -> None:
    encoder = {"base_channels": 2, "input_size": 2**40}
    edit_config(folder, encoder=encoder)
    with pytest.raises(ModelError, match=r"encoder\.input_size: expected 1 to 2048"):
        load_model(folder)


def test_bad_vocabulary_and_facts(folder: Path) -> None:
    vocabulary = json.loads((folder / "model.json").read_text())["vocabulary"]
    edit(folder, vocabulary={"name": "x", "classes": []})
    with pytest.raises(ModelError, match="has 0 classes"):
        load_model(folder)
    edit(folder, vocabulary=vocabulary | {"classes": vocabulary["classes"][:4]})
    with pytest.raises(ModelError, match="has 5 classes, but vocabulary 'five' has 4"):
        load_model(folder)
    edit(folder, vocabulary=vocabulary, facts=[1])
    with pytest.raises(ModelError, match="facts: expected an object, got list"):
        load_model(folder)


def test_names_and_shapes_that_do_not_fit(folder: Path) -> None:
    tensors = load_file(folder / "weights.safetensors")
    bias = tensors.pop("generator.to_image.bias")
    edit_weights(folder, tensors | {"generator.extra": bias, "encoder.to_mean.bias": bias + 1})
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "weights.safetensors does not fit its config: generator.to_image.bias is missing" in (
        message
    )
    assert "generator.extra is unknown" in message
    assert "encoder.to_mean.bias has shape [3], expected [4]" in message

    edit_weights(folder, {})
    with pytest.raises(ModelError, match=r"is missing; and 199 more"):
        load_model(folder)


@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_flipped_bits(folder: Path, where: str) -> None:
    path = folder / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[{"first": 0, "middle": len(content) // 2, "last": -1}[where]] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"weights\.safetensors is damaged"):
        load_model(folder)


@pytest.mark.parametrize("length", [0, 4, 8, 100, -1])
def test_truncated_weights(folder: Path, length: int) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    for read in (load_model, describe_model):
        with pytest.raises(ModelError, match=r"weights\.safetensors is damaged or cut short"):
            read(folder)


@pytest.mark.parametrize(
    "header",
    [b"[]", b"nonsense", b'{"a": 1}', b'{"a": {"dtype": "F32", "shape": 3, "data_offsets": []}}'],
)
def test_bad_headers(folder: Path, header: bytes) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelError, match="damaged or cut short"):
        load_model(folder)


def test_a_huge_header_is_not_read(folder: Path) -> None:
    (folder / "weights.safetensors").write_bytes((2**62).to_bytes(8, "little") + b"{}" * 100)
    with pytest.raises(ModelError, match=r"a header of 4,611,686,018,427,387,904 bytes"):
        load_model(folder)


def test_networks_of_another_config_are_not_saved(tmp_path: Path) -> None:
    model = make_model()
    wider = dataclasses.replace(CONFIG, base_channels=4)
    with pytest.raises(ModelError, match="the model does not fit its config"):
        save_model(tmp_path / "model", dataclasses.replace(model, config=wider), card="")
    with pytest.raises(ModelError, match=r"float32, float16, bfloat16; got torch\.float64"):
        save_model(tmp_path / "model", model, card="", dtype=torch.float64)
    assert list(tmp_path.iterdir()) == []


def test_facts_that_are_no_json_are_not_saved(tmp_path: Path) -> None:
    model = make_model()
    for value in (float("nan"), Path("x")):
        facts: dict[str, Any] = {"loss": value}
        with pytest.raises(ModelError, match="facts"):
            save_model(tmp_path / "model", dataclasses.replace(model, facts=facts), card="")
    assert list(tmp_path.iterdir()) == []


def test_saving_replaces_models_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    save_model(folder, make_model(seed=1), card="# Second\n")
    assert (folder / "README.md").read_text() == "# Second\n"
    assert [each.name for each in tmp_path.iterdir()] == ["model"]

    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match=r"holds 'notes\.txt', which is no part of a model"):
        save_model(folder, make_model(), card="")
    assert (folder / "notes.txt").read_text() == "mine"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "README.md").write_text("mine")
    with pytest.raises(ModelError, match="choose another place"):
        save_model(tmp_path / "docs", make_model(), card="")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ModelError, match="choose another place"):
        save_model(tmp_path / "file", make_model(), card="")
    (tmp_path / "link").symlink_to(tmp_path / "docs")
    with pytest.raises(ModelError, match="choose another place"):
        save_model(tmp_path / "link", make_model(), card="")


@contextmanager
def largest_file(num_bytes: int) -> Iterator[None]:
    """Writing past this size fails, as it does on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_leaves_the_older_model(folder: Path, tmp_path: Path) -> None:
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    model = make_model(seed=1)
    with largest_file(10_000), pytest.raises(OSError, match=r"cannot write .*weights"):
        save_model(folder, model, card="# Second\n")
    with largest_file(10_000), pytest.raises(OSError):
        save_model(tmp_path / "new", model, card="")
    assert [each.name for each in tmp_path.iterdir()] == ["model"]
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
