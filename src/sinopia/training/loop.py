"""The training loop: one function for every objective.

restore, then for each batch: reseed, discriminator, generator, average; at times report, preview,
measure, save. Progress is counted in images seen. Every random number comes from (seed, stream,
images seen), so a run that is killed and resumed ends with the same weights as one that was not.
"""

from __future__ import annotations

import contextlib
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from sinopia.data.dataset import Dataset
from sinopia.data.loading import scene_batches
from sinopia.errors import ConfigError, TrainingError
from sinopia.nn.ema import ExponentialMovingAverage
from sinopia.nn.precision import Precision, autocast, resolve_precision
from sinopia.scene.batch import SceneBatch
from sinopia.seeding import derive_seed
from sinopia.training.config import RunConfig
from sinopia.training.health import BestModel, loss_shares
from sinopia.training.objectives.protocol import Objective
from sinopia.training.observer import Observer
from sinopia.training.processes import Processes, average_running_statistics
from sinopia.training.reporting import Reporter, SilentReporter
from sinopia.training.run_folder import RunFolder
from sinopia.training.state import (
    checkpoint_path,
    newest_checkpoint,
    prune_checkpoints,
    restore_state,
    save_state,
)

__all__ = ["FitResult", "fit"]


@dataclass(frozen=True)
class FitResult:
    """How a call of `fit` ended."""

    images_seen: int
    is_complete: bool
    """False when a signal stopped the run; the same call resumes it."""


def fit(
    config: RunConfig,
    run: str | Path,
    *,
    objective: Objective,
    dataset: Dataset,
    observer: Observer,
    processes: Processes,
) -> FitResult:
    """Train until `config.images` are seen, resuming from the newest checkpoint of the run folder.

    SIGTERM and SIGINT save a checkpoint after the batch at hand and return.

    Raises:
        TrainingError: when a loss, a distance or a weight is not a finite number (the message
            names it), or the run folder holds another run.
        DatasetError, LabelError, FileFormatError: when the data cannot be read.
        OSError: when the run folder cannot be written; the last checkpoint stays whole.
    """
    # Initialize.
    device = processes.device
    folder = RunFolder(Path(run))
    precision = folder.open(config, resolve_precision(config.precision, device), processes)
    if config.batch_size % (processes.world_size * config.accumulation):
        raise ConfigError(
            f"batch_size: {config.batch_size} is not a multiple of {processes.world_size} "
            f"processes x accumulation {config.accumulation}."
        )

    # Networks, optimizers, average.
    networks = {**objective.generators, **objective.discriminators}
    for network in networks.values():
        network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        network.train()
    optimizers = {"generators": _adam(config, objective.generators, config.optimizer.generator_lr)}
    if objective.discriminators:
        optimizers["discriminators"] = _adam(
            config, objective.discriminators, config.optimizer.discriminator_lr
        )
    base_lrs = {name: each.param_groups[0]["lr"] for name, each in optimizers.items()}
    averaged = next(iter(objective.generators.values()))
    average = ExponentialMovingAverage(averaged, half_life=config.average_half_life, rampup=0.05)
    saved_networks = {**networks, "average": average.model}

    # Restore.
    images_seen = 0
    newest = newest_checkpoint(folder.checkpoints)
    if newest is not None:
        images_seen = restore_state(newest, networks=saved_networks, optimizers=optimizers)
    reporter = (
        Reporter(folder.path, images_seen=images_seen, images=config.images)
        if processes.is_first
        else SilentReporter()
    )
    if newest is not None:
        reporter.say(f"resuming {folder.path} at {images_seen} images")
    objective.wrap(processes.wrap(networks))

    def save() -> None:
        for name, network in saved_networks.items():
            sums = {key: each.detach().sum() for key, each in network.named_parameters()}
            for key, total in zip(sums, torch.stack(list(sums.values())).tolist(), strict=True):
                _require_finite(f"weight {name}.{key}", total, images_seen, precision)
        for network in (averaged, average.model):
            average_running_statistics(network, processes)
        if processes.is_first:
            # The model first: a checkpoint of the last image says that nothing is left to do.
            observer.save_model(folder.model, average.model, images_seen)
            save_state(
                checkpoint_path(folder.checkpoints, images_seen),
                images_seen=images_seen,
                networks=saved_networks,
                optimizers=optimizers,
            )
            prune_checkpoints(folder.checkpoints, keep=config.schedule.keep_checkpoints)
        processes.wait()

    batches = scene_batches(
        dataset,
        config.preprocess,
        batch_size=config.batch_size,
        seed=config.seed,
        start=images_seen,
        rank=processes.rank,
        world_size=processes.world_size,
        num_workers=config.num_workers,
    )
    losses = _LossMeans()
    best = BestModel(folder.best, config.schedule.best_by)
    with contextlib.closing(reporter), _stop_on_signals() as stopping:
        while images_seen < config.images:
            # Reseed: draws depend on the position in the run and on nothing before it.
            draws = torch.Generator().manual_seed(
                derive_seed(config.seed, f"objective/{processes.rank}", images_seen)
            )
            rate = _learning_rate_factor(config, images_seen)
            for name, optimizer in optimizers.items():
                optimizer.param_groups[0]["lr"] = base_lrs[name] * rate

            # Discriminator, then generator.
            batch = next(batches).to(device)
            losses.add(
                _train_step(
                    objective,
                    optimizers,
                    _parts(batch, config.accumulation),
                    draws,
                    lambda: autocast(precision, device),
                ),
                images_seen,
                precision,
            )
            before, images_seen = images_seen, images_seen + config.batch_size

            # Average.
            average.update(averaged, images_seen=images_seen, batch_size=config.batch_size)
            reporter.advance(images_seen)

            # Report, preview, measure, save.
            schedule = config.schedule
            is_last = images_seen >= config.images
            is_stopping = processes.any(stopping.is_set())
            if _is_due(schedule.report_every, before, images_seen) or is_last:
                means = losses.means()
                reporter.losses(means | loss_shares(means), images_seen)
            if processes.is_first:
                if _is_due(schedule.preview_every, before, images_seen) or is_last:
                    grid = observer.preview(average.model, precision)
                    folder.write_preview(grid, images_seen)
                    reporter.grid(grid, images_seen)
                if _is_due(schedule.measure_every, before, images_seen) or is_last:
                    measured = observer.measure(average.model, precision)
                    for name, value in measured.items():
                        _require_finite(name, value, images_seen, precision)
                    reporter.values(measured, images_seen)
                    if best.is_beaten_by(measured):
                        observer.save_model(
                            best.folder,
                            average.model,
                            images_seen,
                            chosen_by=best.metric_of(measured),
                        )
            if _is_due(schedule.save_every, before, images_seen) or is_last or is_stopping:
                save()
            if is_stopping and not is_last:
                reporter.say(
                    f"stopped at {images_seen} of {config.images} images; "
                    f"the same command resumes the run."
                )
                return FitResult(images_seen, is_complete=False)
    return FitResult(images_seen, is_complete=True)


def _train_step(
    objective: Objective,
    optimizers: Mapping[str, torch.optim.Optimizer],
    parts: list[SceneBatch],
    draws: torch.Generator,
    precision: Callable[[], contextlib.AbstractContextManager[object]],
) -> dict[str, Tensor]:
    """One step of all networks over the parts of a batch; returns all values, detached."""
    losses: dict[str, Tensor] = {}

    def backward(terms: dict[str, Tensor]) -> None:
        minimised = [value.float() for name, value in terms.items() if name.startswith("loss/")]
        total = torch.stack(minimised).sum() / len(parts)
        total.backward()
        for name, value in terms.items():
            share = value.detach().float() / len(parts)
            losses[name] = losses[name] + share if name in losses else share

    # One part: its fakes serve both steps. Several: they are made again for the generators, from
    # the same draws, so that only one part's graph is in memory.
    is_whole = len(parts) == 1
    starts = [torch.Generator() for _ in parts]
    synthesis = None
    for part, start in zip(parts, starts, strict=True):
        start.set_state(draws.get_state())
        with precision(), torch.set_grad_enabled(is_whole):
            synthesis = objective.synthesize(part, draws)
        if objective.discriminators:
            with precision():
                terms = objective.discriminator_losses(part, synthesis, draws)
            backward(terms)
    if objective.discriminators:
        optimizers["discriminators"].step()
        optimizers["discriminators"].zero_grad(set_to_none=True)

    for part, start in zip(parts, starts, strict=True):
        with precision():
            if not is_whole:
                synthesis = objective.synthesize(part, start)
            terms = objective.generator_losses(part, synthesis, draws)
        backward(terms)
    optimizers["generators"].step()
    optimizers["generators"].zero_grad(set_to_none=True)
    return losses


def _parts(batch: SceneBatch, count: int) -> list[SceneBatch]:
    """A batch cut into equal parts."""
    if count == 1:
        return [batch]
    empty = [None] * count
    label_ids = batch.label_ids.chunk(count)
    images = empty if batch.images is None else batch.images.chunk(count)
    edges = empty if batch.instance_edges is None else batch.instance_edges.chunk(count)
    return [SceneBatch(*part) for part in zip(label_ids, images, edges, strict=True)]


def _adam(
    config: RunConfig, networks: Mapping[str, nn.Module], learning_rate: float
) -> torch.optim.Optimizer:
    parameters = [each for network in networks.values() for each in network.parameters()]
    betas = (config.optimizer.beta1, config.optimizer.beta2)
    return torch.optim.Adam(parameters, lr=learning_rate, betas=betas, fused=True)


def _learning_rate_factor(config: RunConfig, images_seen: int) -> float:
    """1 until `decay_from` of the run, then falling linearly to 0 at its end."""
    start = config.decay_from * config.images
    if images_seen <= start:
        return 1.0
    return max(0.0, (config.images - images_seen) / (config.images - start))


def _is_due(every: int, before: int, after: int) -> bool:
    """Whether a multiple of `every` was passed."""
    return before // every < after // every


class _LossMeans:
    """Means of the losses since the last report, or since the run was resumed."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, losses: Mapping[str, Tensor], images_seen: int, precision: Precision) -> None:
        values = torch.stack(list(losses.values())).tolist()
        for name, value in zip(losses, values, strict=True):
            _require_finite(name, value, images_seen, precision)
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1

    def means(self) -> dict[str, float]:
        means = {name: total / max(1, self._count) for name, total in self._sums.items()}
        self._sums.clear()
        self._count = 0
        return means


def _require_finite(name: str, value: float, images_seen: int, precision: Precision) -> None:
    """Stop the run at a number that is infinite or none."""
    if not math.isfinite(value):
        raise TrainingError(
            f"{name} is {value} after {images_seen} images ({precision}); the run stops, its "
            f"last checkpoint is whole. Begin another run (--out) with a lower "
            f"optimizer.generator_lr or optimizer.discriminator_lr, or with precision=fp32."
        )


@contextlib.contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and the first SIGINT set; a second SIGINT interrupts as usual."""
    stopping = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopping  # only the main thread can take signals
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def on_signal(number: int, _frame: object) -> None:
        if stopping.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stopping.set()

    for number in previous:
        signal.signal(number, on_signal)
    try:
        yield stopping
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
