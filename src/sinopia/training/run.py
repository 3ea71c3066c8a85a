"""A training run from its configuration: data opened, networks built, then `fit`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from sinopia.data.class_counts import class_weights
from sinopia.data.dataset import Dataset
from sinopia.data.opening import open_dataset
from sinopia.errors import ConfigError, DatasetError
from sinopia.models.oasis import OasisDiscriminator, OasisDiscriminatorConfig
from sinopia.models.segmenter import CompactSegmenter, SegmenterConfig
from sinopia.models.spade import SpadeConfig, SpadeEncoder, SpadeGenerator, build_discriminator
from sinopia.models.squeezenet_segmenter import SqueezeNetSegmenter
from sinopia.nn.features.squeezenet import SqueezeNetFeatures
from sinopia.nn.initialization import initialize
from sinopia.seeding import derive_seed
from sinopia.training.config import SegmenterTrainConfig, TrainConfig
from sinopia.training.loop import FitResult, fit
from sinopia.training.objectives.adversarial import AdversarialObjective, Adversary
from sinopia.training.objectives.gaugan import GauganAdversary
from sinopia.training.objectives.guidance import Guidance, load_guidance
from sinopia.training.objectives.oasis import OasisAdversary, OasisObjectiveConfig
from sinopia.training.objectives.painter import SpadePainter
from sinopia.training.objectives.segmentation import SegmentationObjective
from sinopia.training.observer import ModelFamily, Observer
from sinopia.training.processes import join_processes
from sinopia.training.standard_styles import standardize_styles
from sinopia.training.starting_point import start_from

__all__ = ["build_objective", "train"]


def train(
    config: TrainConfig | SegmenterTrainConfig, run: str | Path, *, device: str = "auto"
) -> FitResult:
    """Train, or resume, the run of a configuration in its folder.

    `device` is "auto", "cpu" or "cuda"; under torchrun each process takes its own.

    Raises:
        SinopiaError: when data, weights, configuration or run folder do not fit; see `fit`.
    """
    dataset = open_dataset(config.dataset)
    validation = dataset if config.validation is None else open_dataset(config.validation)
    for each in (dataset, validation):
        _check_fit(config, each)
    with join_processes(device) as processes:
        if isinstance(config, TrainConfig):
            guidance = load_guidance(
                config.guidance,
                dataset=dataset,
                batch_size=config.batch_size,
                device=processes.device,
            )
            objective = build_objective(config, guidance)
            if config.start_from is not None:
                start_from(
                    config.start_from,
                    objective.generators,
                    config=config.model,
                    vocabulary=dataset.vocabulary,
                )
            family = ModelFamily(
                "spade",
                config.model,
                config.model.size_hw,
                _words(config.model),
                finish=standardize_styles if config.standard_styles else None,
            )
        else:
            objective = _build_segmentation(config, dataset)
            size_hw = config.preprocess.size_hw
            words = f"segmenter, trained on {size_hw[0]}x{size_hw[1]}, for photos of any size."
            kind = (
                "segmenter" if isinstance(config.model, SegmenterConfig) else "squeezenet_segmenter"
            )
            family = ModelFamily(kind, config.model, size_hw, words)
        observer = Observer(
            config,
            family=family,
            objective=objective,
            training=dataset,
            validation=validation,
            device=processes.device,
        )
        return fit(
            config,
            run,
            objective=objective,
            dataset=dataset,
            observer=observer,
            processes=processes,
        )


def _words(model: SpadeConfig) -> str:
    height, width = model.size_hw
    styles = "with style code." if model.style_dim else "one picture per map."
    return f"SPADE generator, {height}x{width}, {model.base_channels} base channels, {styles}"


def _build_segmentation(config: SegmenterTrainConfig, dataset: Dataset) -> SegmentationObjective:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(config.seed, "initialization/segmenter"))
        if isinstance(config.model, SegmenterConfig):
            segmenter: nn.Module = CompactSegmenter(config.model)
        else:
            assert config.backbone is not None  # the config has checked it
            segmenter = SqueezeNetSegmenter(config.model)
            segmenter.begin_with(SqueezeNetFeatures.from_file(config.backbone))
    return SegmentationObjective(
        config.objective,
        segmenter=segmenter,
        palette=dataset.vocabulary.palette,
        class_weights=class_weights(dataset, balance=config.objective.class_balance),
    )


def build_objective(config: TrainConfig, guidance: Guidance) -> AdversarialObjective:
    """The networks of a run with their starting weights, and the losses between them."""
    model = config.model
    generator = SpadeGenerator(model)
    encoder = None
    if model.encoder is not None and model.style_dim is not None:
        encoder = SpadeEncoder(model.encoder, style_dim=model.style_dim)
    if isinstance(config.discriminator, OasisDiscriminatorConfig):
        discriminator: nn.Module = OasisDiscriminator(
            config.discriminator, num_classes=model.num_classes
        )
    else:
        discriminator = build_discriminator(
            config.discriminator, condition_channels=model.condition_channels
        )
    networks = {"generator": generator, "discriminator": discriminator, "encoder": encoder}
    gains = {"discriminator": config.discriminator.initialization_gain}
    for name, network in networks.items():
        if network is not None:
            initialize(
                network,
                config.initialization,
                gain=gains.get(name, config.initialization_gain),
                seed=derive_seed(config.seed, f"initialization/{name}"),
            )
    if encoder is not None:
        draws = torch.Generator().manual_seed(derive_seed(config.seed, "initialization/colors"))
        encoder.begin_with_colors(draws)
    if isinstance(config.objective, OasisObjectiveConfig):
        adversary: Adversary = OasisAdversary(
            config.objective, discriminator=discriminator, num_classes=model.num_classes
        )
    else:
        adversary = GauganAdversary(config.objective, discriminator=discriminator)
    return AdversarialObjective(SpadePainter(generator, encoder), adversary, guidance)


def _check_fit(config: TrainConfig | SegmenterTrainConfig, dataset: Dataset) -> None:
    """Look at classes and first scene, lest the run stop hours later at its first measurement."""
    if len(dataset.vocabulary) != config.model.num_classes:
        raise ConfigError(
            f"model.num_classes is {config.model.num_classes}, but vocabulary "
            f"{dataset.vocabulary.name!r} of the data has {len(dataset.vocabulary)} classes; "
            f"they must be equal."
        )
    if len(dataset) == 0:
        raise DatasetError(f"data set {dataset.name!r} is empty; expected at least one scene.")
    scene = dataset[0]
    if scene.image is None:
        raise DatasetError(
            f"data set {dataset.name!r} has label maps only, but training and validation need "
            f"pictures too: add an images folder beside labels."
        )
    needs_instances = isinstance(config, TrainConfig) and config.model.has_instance_edges
    if needs_instances and scene.instance_ids is None:
        raise DatasetError(
            f"model.has_instance_edges is true, but data set {dataset.name!r} has no instance "
            f"maps. Add an instances folder, or set model.has_instance_edges=false."
        )
