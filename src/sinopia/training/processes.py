"""The processes of a run: one, or several that torchrun started."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

__all__ = ["Processes", "average_running_statistics", "bare", "join_processes"]

_NEW_OPTION, _OLD_OPTION = "forward_sync_buffers", "broadcast_buffers"
_HAS_NEW_OPTION = _NEW_OPTION in inspect.signature(DistributedDataParallel).parameters
_NO_BUFFER_SYNC: dict[str, Any] = {_NEW_OPTION if _HAS_NEW_OPTION else _OLD_OPTION: False}


@dataclass(frozen=True)
class Processes:
    """This process among its peers."""

    rank: int
    world_size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes files."""
        return self.rank == 0

    def wait(self) -> None:
        """Return when all processes have come here."""
        if self.world_size > 1:
            dist.barrier()

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process; all must ask together."""
        if self.world_size == 1:
            return flag
        flags = torch.tensor([int(flag)], device=self.device)
        dist.all_reduce(flags, op=dist.ReduceOp.MAX)
        return bool(flags.item())

    def wrap(self, networks: dict[str, nn.Module]) -> dict[str, nn.Module]:
        """Networks whose gradients are averaged over the processes; for one, as they are.

        On CUDA batch norm then counts the batches of all processes; on CPUs, where torch has no
        such layer, each process normalises its own.
        """
        if self.world_size == 1:
            return networks
        wrapped: dict[str, nn.Module] = {}
        for name, network in networks.items():
            if self.device.type == "cuda":
                network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
            # Buffers are not sent from the first process: a broadcast changes them in place between
            # the forward and the backward pass of the other network.
            wrapped[name] = DistributedDataParallel(
                network,
                device_ids=[self.device.index] if self.device.type == "cuda" else None,
                **_NO_BUFFER_SYNC,
            )
        return wrapped


def bare(network: nn.Module) -> nn.Module:
    """The network inside a DistributedDataParallel wrapper, or the network itself."""
    return network.module if isinstance(network, DistributedDataParallel) else network


@contextlib.contextmanager
def join_processes(device: str = "auto") -> Iterator[Processes]:
    """Join torchrun's process group if it started this process, and leave it at the end.

    `device` is "auto" (CUDA when there is one), "cpu" or "cuda".
    """
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    use_cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    if use_cuda:
        here = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(here)
    else:
        here = torch.device("cpu")
    if world_size == 1:
        yield Processes(0, 1, here)
        return
    dist.init_process_group("nccl" if use_cuda else "gloo")
    try:
        yield Processes(rank, world_size, here)
    finally:
        dist.destroy_process_group()


@torch.no_grad()
def average_running_statistics(network: nn.Module, processes: Processes) -> None:
    """Give all processes the mean of their running batch statistics: any of them can be saved."""
    if processes.world_size == 1:
        return
    for name, buffer in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            dist.all_reduce(buffer)
            buffer /= processes.world_size
