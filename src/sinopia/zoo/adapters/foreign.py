"""What readers of foreign checkpoints share: reading tensors, fitting names, spectral vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from sinopia.errors import ModelError
from sinopia.nn.features.weights import read_weights

__all__ = ["fit_names", "read_foreign", "solve_spectral_vectors"]

State = dict[str, Tensor]


def read_foreign(path: str | Path) -> State:
    """Tensors of a foreign .pth or .safetensors file, floating ones as float32.

    Nothing in the file is run: pickled objects other than tensors are refused.

    Raises:
        ModelError: when the file is missing, cut short, holds Python objects, or is no flat mapping
            of names to tensors.
    """
    return {
        name: tensor.to(torch.float32) if tensor.is_floating_point() else tensor
        for name, tensor in read_weights(path).items()
    }


def fit_names(
    state: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    foreign_name: Callable[[str], str],
    *,
    what: str,
) -> State:
    """Give foreign tensors the names of our network.

    `expected` is our network's state (its shapes count, not its values), `foreign_name` gives the
    foreign name of each of ours. Counters of batch norm may be missing; they start at zero.

    Raises:
        ModelError: with every missing name, every unknown name and every wrong shape, one a line.
    """
    names = {name: foreign_name(name) for name in expected}
    known = set(names.values())
    fitted: State = {}
    problems: list[str] = []
    for name, tensor in expected.items():
        foreign = names[name]
        if foreign in state and state[foreign].shape == tensor.shape:
            fitted[name] = state[foreign]
        elif foreign in state:
            problems.append(
                f"{foreign}: shape {list(state[foreign].shape)}, expected {list(tensor.shape)}"
            )
        elif name.endswith(".num_batches_tracked"):
            fitted[name] = torch.zeros((), dtype=torch.int64)
        else:
            problems.append(f"{foreign}: missing")
    problems += [f"{foreign}: unknown" for foreign in state if foreign not in known]
    if problems:
        raise ModelError("\n  ".join([f"this file does not hold {what}:", *problems]))
    return fitted


def solve_spectral_vectors(state: Mapping[str, Tensor]) -> tuple[State, int]:
    """Complete the spectral vectors of files from before torch 1.0, which stored u but not v.

    v = normalize(W^T u), with W of shape (out, in * k * k): one step of the power iteration that
    made u. Such files also hold the divided weight, which is left out. Returns the state and how
    many v were missing.
    """
    complete = dict(state)
    count = 0
    for name, u in state.items():
        layer = name.removesuffix(".weight_u")
        weight = state.get(f"{layer}.weight_orig")
        if layer == name or weight is None or f"{layer}.weight_v" in state:
            continue
        if u.ndim != 1 or weight.ndim < 2 or len(u) != len(weight):
            continue  # a wrong shape, which fit_names reports
        complete[f"{layer}.weight_v"] = F.normalize(weight.flatten(1).T @ u, dim=0, eps=1e-12)
        complete.pop(f"{layer}.weight", None)
        count += 1
    return complete, count
