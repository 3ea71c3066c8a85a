"""Devices and precisions that a user names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import sinopia
from sinopia.errors import RequestError
from sinopia.inference import synthesizer as synthesizers
from sinopia.inference.device import find_device
from sinopia.nn.precision import Precision
from sinopia.scene import LabelMap


def test_the_cpu_is_always_there() -> None:
    assert find_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["tpu9", "", "cpu:x", "meta"])
def test_devices_that_do_not_exist(name: str) -> None:
    with pytest.raises(RequestError, match=r"use 'cpu' or 'cuda'|on 'cpu' and 'cuda'"):
        find_device(name)


def test_cuda_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RequestError, match="'cuda': torch finds no CUDA device"):
        find_device("cuda")


@pytest.mark.parametrize("faster", ["fp32", "bf16"])
def test_auto_is_resolved_at_load_and_recorded(
    tiny_model_folder: Path,
    tiny_map: LabelMap,
    faster: Precision,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(choice: str, device: torch.device) -> Precision:
        assert (choice, device.type) == ("auto", "cpu")
        return faster

    monkeypatch.setattr(synthesizers, "resolve_precision", resolve)
    loaded = sinopia.load(tiny_model_folder, precision="auto")
    loaded.set_label_map(tiny_map)
    monkeypatch.undo()
    assert loaded.precision == faster
    request = loaded.request(1)
    assert request.precision == faster
    same = sinopia.load(tiny_model_folder, precision=faster)
    assert same.repaint(request).tobytes() == loaded.synthesize(1).tobytes()


def test_the_default_is_fp32(tiny_model_folder: Path) -> None:
    assert sinopia.load(tiny_model_folder).precision == "fp32"
