"""Trains under torchrun until so many images are seen, and writes what each process then holds.

torchrun --nproc_per_node 2 -m tests.training.two_processes RUN PAIRS ADVERSARIAL IMAGES
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from sinopia.files import write_text
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.processes import Processes
from sinopia.training.run import train
from tests.training.runs import tiny_run

if __name__ == "__main__":
    torch.set_num_threads(1)
    run, pairs, adversarial = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    seen: dict[str, nn.Module] = {}
    wrap = Processes.wrap

    def remember(self: Processes, networks: dict[str, nn.Module]) -> dict[str, nn.Module]:
        wrapped = wrap(self, networks)
        assert all(isinstance(n, nn.parallel.DistributedDataParallel) for n in wrapped.values())
        seen.update(networks)
        return wrapped

    Processes.wrap = remember
    objective = GauganObjectiveConfig(
        adversarial=adversarial,  # type: ignore[arg-type]
        r1_weight=0.01,
    )
    config = tiny_run(pairs, objective=objective, batch_size=8, standard_styles=True)
    config = replace(config, accumulation=2 if adversarial == "wasserstein" else 1)
    images = int(sys.argv[4])
    result = train(replace(config, images=images), run, device="cpu")
    assert result.is_complete and result.images_seen == images
    digest = hashlib.sha256()
    for name in sorted(seen):
        for parameter in seen[name].parameters():
            digest.update(parameter.detach().contiguous().numpy().tobytes())
    write_text(run.parent / f"rank{os.environ['RANK']}.txt", digest.hexdigest())
