"""Checkpoints: the same state comes back, and damaged or foreign files are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from sinopia.errors import TrainingError
from sinopia.training.state import (
    checkpoint_path,
    newest_checkpoint,
    prune_checkpoints,
    restore_state,
    save_state,
)


def _network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 3))
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _optimizer(network: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=1e-2, betas=(0.5, 0.9), fused=True)


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    network(images).square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()


def test_training_goes_on_from_a_file_as_if_nothing_had_happened(tmp_path: Path) -> None:
    network, path = _network(0), tmp_path / "0000000012.safetensors"
    optimizer = _optimizer(network)
    _step(network, optimizer, 1)
    save_state(path, images_seen=12, networks={"n": network}, optimizers={"o": optimizer})
    _step(network, optimizer, 2)

    other = _network(7)
    other_optimizer = _optimizer(other)
    seen = restore_state(path, networks={"n": other}, optimizers={"o": other_optimizer})
    assert seen == 12
    for group in other_optimizer.state.items():
        parameter, slots = group
        assert slots["exp_avg"].stride() == parameter.stride()  # fused Adam takes it for granted
    _step(other, other_optimizer, 2)
    for key, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[key], value), key


def test_names_sort_by_images_and_others_are_no_checkpoints(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    assert newest_checkpoint(folder) is None
    folder.mkdir()
    assert newest_checkpoint(folder) is None
    for images in (900, 1000, 20):
        checkpoint_path(folder, images).touch()
    (folder / ".0000002000-x.tmp.safetensors").touch()
    (folder / "best.safetensors").touch()
    assert newest_checkpoint(folder) == folder / "0000001000.safetensors"
    prune_checkpoints(folder, keep=2)
    assert sorted(path.name for path in folder.iterdir()) == [
        "0000000900.safetensors",
        "0000001000.safetensors",
        "best.safetensors",
    ]


def test_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    network = _network(0)
    optimizer = _optimizer(network)
    path = tmp_path / "0000000004.safetensors"

    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(TrainingError, match=r"0000000004\.safetensors has format None; .* reads 1"):
        restore_state(path, networks={"n": network}, optimizers={"o": optimizer})

    save_state(path, images_seen=4, networks={"n": nn.Linear(2, 2)}, optimizers={})
    with pytest.raises(TrainingError, match=r"0000000004\.safetensors does not fit the run's n: "):
        restore_state(path, networks={"n": network}, optimizers={"o": optimizer})

    path.write_bytes(b"no tensors")
    with pytest.raises(TrainingError, match=r"0000000004\.safetensors is damaged .*one before"):
        restore_state(path, networks={"n": network}, optimizers={"o": optimizer})
