from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from sinopia.errors import ModelError
from sinopia.nn.features import freeze, load_weights, read_weights

TENSORS = {"weight": torch.arange(6.0).view(2, 3), "bias": torch.ones(2)}


class NotATensor:
    """Something a pickle could run code with."""


@pytest.mark.parametrize("name", ["net.pth", "old.pth", "net.safetensors"])
def test_reads_both_formats(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file(TENSORS, path)
    else:  # torchvision's VGG19 is in the older of the two .pth formats
        torch.save(TENSORS, path, _use_new_zipfile_serialization=name != "old.pth")
    assert {key: value.tolist() for key, value in read_weights(path).items()} == {
        key: value.tolist() for key, value in TENSORS.items()
    }


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected a file of weights at .*no\.pth"):
        read_weights(tmp_path / "no.pth")


@pytest.mark.parametrize("name", ["net.pth", "old.pth", "net.safetensors"])
@pytest.mark.parametrize("length", [0, 5, 200, 1200])
def test_truncated_files(tmp_path: Path, name: str, length: int) -> None:
    path = tmp_path / name
    tensors = {"weight": torch.zeros(64, 64)}
    if path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=name != "old.pth")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ModelError, match="cannot be read as weights"):
        read_weights(path)


def test_text_is_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "page.pth"
    path.write_text("<html>404 not found</html>")
    with pytest.raises(ModelError, match="cannot be read as weights"):
        read_weights(path)


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save({"weight": torch.ones(1), "extra": NotATensor()}, path)
    with pytest.raises(ModelError, match="tensors only"):
        read_weights(path)


@pytest.mark.parametrize("content", [torch.ones(2), [torch.ones(2)], {"state": {}}])
def test_other_contents_are_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "net.pth"
    torch.save(content, path)
    with pytest.raises(ModelError, match="expected a mapping of names to tensors"):
        read_weights(path)


def test_names_and_shapes_are_checked() -> None:
    module = nn.Linear(3, 2)
    load_weights(
        module, TENSORS | {"head.x": torch.ones(1)}, path="a", network="N", unused=("head.",)
    )
    assert module.weight.tolist() == TENSORS["weight"].tolist()
    with pytest.raises(ModelError, match=r"a does not hold .* N: missing bias; unknown b\. Give"):
        load_weights(
            module, {"weight": TENSORS["weight"], "b": torch.ones(2)}, path="a", network="N"
        )
    with pytest.raises(ModelError, match=r"a: expected bias to have shape \(2,\), got \(5,\)"):
        load_weights(module, TENSORS | {"bias": torch.zeros(5)}, path="a", network="N")
    assert module.bias.tolist() == [1, 1]


def test_freeze() -> None:
    module = nn.Sequential(nn.Linear(1, 1), nn.Dropout())
    freeze(module)
    assert not module[1].training
    assert not any(parameter.requires_grad for parameter in module.parameters())
