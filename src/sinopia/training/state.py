"""The state of a run on the disk: one safetensors file a checkpoint, whole or absent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from sinopia.errors import TrainingError
from sinopia.files import atomic_path

__all__ = [
    "checkpoint_path",
    "newest_checkpoint",
    "prune_checkpoints",
    "restore_state",
    "save_state",
]

FORMAT_VERSION = 1
_FILE_NAME = re.compile(r"(\d{10})\.safetensors")


def save_state(
    path: Path,
    *,
    images_seen: int,
    networks: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
) -> None:
    """Write networks, with all their buffers, and optimizers.

    Raises:
        OSError: when the disk is full or the folder cannot be written; nothing is left behind.
    """
    tensors: dict[str, Tensor] = {}
    for name, network in networks.items():
        for key, value in network.state_dict().items():
            tensors[f"network/{name}/{key}"] = value
    for name, optimizer in optimizers.items():
        for index, slots in optimizer.state_dict()["state"].items():
            for slot, value in slots.items():
                tensors[f"optimizer/{name}/{index}/{slot}"] = torch.as_tensor(value)
    metadata = {"format_version": str(FORMAT_VERSION), "images_seen": json.dumps(images_seen)}
    with atomic_path(path) as temporary:
        try:
            save_file(
                {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()},
                temporary,
                metadata=metadata,
            )
        except SafetensorError as error:  # its only cause here is the disk
            raise OSError(f"could not write the checkpoint {path}: {error}") from None


def restore_state(
    path: Path,
    *,
    networks: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
) -> int:
    """Load what `save_state` wrote into networks and optimizers; returns the images seen.

    Raises:
        TrainingError: when the file is damaged or of another run; the message names the file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}
    except SafetensorError as error:
        raise TrainingError(
            f"checkpoint {path} is damaged ({error}). Delete it; the run resumes from the one "
            f"before."
        ) from None
    if metadata.get("format_version") != str(FORMAT_VERSION):
        raise TrainingError(
            f"checkpoint {path} has format {metadata.get('format_version')!r}; this sinopia reads "
            f"{FORMAT_VERSION}. Resume the run with the version that wrote it."
        )
    for name, network in networks.items():
        prefix = f"network/{name}/"
        own = {key.removeprefix(prefix): tensors[key] for key in tensors if key.startswith(prefix)}
        try:
            network.load_state_dict(own)
        except RuntimeError as error:
            raise TrainingError(
                f"checkpoint {path} does not fit the run's {name}: {error}"
            ) from None
    for name, optimizer in optimizers.items():
        optimizer.load_state_dict(
            {
                "state": _optimizer_slots(tensors, f"optimizer/{name}/"),
                "param_groups": optimizer.state_dict()["param_groups"],
            }
        )
        _match_memory_order(optimizer)
    return int(json.loads(metadata["images_seen"]))


def _match_memory_order(optimizer: torch.optim.Optimizer) -> None:
    """Lay each slot out as its parameter is, channels last for instance.

    Files hold plain order, but fused Adam walks through all memories in one order.
    """
    for parameter, slots in optimizer.state.items():
        for slot, value in slots.items():
            if value.shape == parameter.shape:
                slots[slot] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _optimizer_slots(tensors: Mapping[str, Tensor], prefix: str) -> dict[int, dict[str, Any]]:
    slots: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        if key.startswith(prefix):
            index, slot = key.removeprefix(prefix).split("/")
            slots.setdefault(int(index), {})[slot] = value
    return slots


def checkpoint_path(folder: Path, images_seen: int) -> Path:
    """Where the checkpoint after so many images lies."""
    return folder / f"{images_seen:010d}.safetensors"


def _checkpoints(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _FILE_NAME.fullmatch(path.name))


def newest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint with the most images seen, or None."""
    found = _checkpoints(folder)
    return found[-1] if found else None


def prune_checkpoints(folder: Path, *, keep: int) -> None:
    """Delete all but the newest `keep` checkpoints, and what a kill left of unfinished ones."""
    for path in [*_checkpoints(folder)[:-keep], *folder.glob(".*.tmp.safetensors")]:
        path.unlink()
