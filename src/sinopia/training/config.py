"""Everything that a training run depends on, as one typed value; a recipe returns it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sinopia.data.dataset import DatasetConfig
from sinopia.data.transforms import PreprocessConfig
from sinopia.errors import ConfigError
from sinopia.models.oasis import OasisDiscriminatorConfig
from sinopia.models.segmenter import SegmenterConfig
from sinopia.models.spade import SpadeConfig, SpadeDiscriminatorConfig
from sinopia.models.squeezenet_segmenter import SqueezeNetSegmenterConfig
from sinopia.nn.initialization import Initialization
from sinopia.nn.precision import PrecisionChoice
from sinopia.training.objectives.gaugan import GauganObjectiveConfig
from sinopia.training.objectives.guidance import GuidanceConfig
from sinopia.training.objectives.oasis import OasisObjectiveConfig
from sinopia.training.objectives.segmentation import SegmentationObjectiveConfig

__all__ = [
    "OptimizerConfig",
    "RunConfig",
    "ScheduleConfig",
    "SegmenterTrainConfig",
    "TrainConfig",
]


@dataclass(frozen=True)
class OptimizerConfig:
    """Adam with two learning rates (Heusel et al. 2017); the defaults are SPADE's."""

    generator_lr: float = 1e-4
    """Learning rate of generator and encoder, or of the segmenter."""
    discriminator_lr: float = 4e-4
    """Learning rate of the discriminator."""
    beta1: float = 0.0
    """Decay of the mean of gradients."""
    beta2: float = 0.9
    """Decay of the mean of squared gradients."""

    def __post_init__(self) -> None:
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise ConfigError(
                f"optimizer: expected betas in [0, 1), got {self.beta1}, {self.beta2}."
            )
        if self.generator_lr < 0 or self.discriminator_lr < 0:
            raise ConfigError("optimizer: learning rates must not be negative.")


@dataclass(frozen=True)
class ScheduleConfig:
    """When the run reports, shows, measures and saves; all counted in images seen."""

    report_every: int = 1_000
    """A line of losses."""
    preview_every: int = 20_000
    """A grid of pictures on fixed maps."""
    measure_every: int = 20_000
    """Distances on validation scenes."""
    save_every: int = 20_000
    """A checkpoint to resume from, and the model folder."""
    keep_checkpoints: int = 2
    """Older ones are deleted."""
    num_previews: int = 8
    """Scenes in a grid."""
    best_by: str | None = None
    """The measured distance whose lowest value marks the best model, which is kept beside the
    latest; none = the perceptual distance, or l1 without a perceptual network."""
    num_measured: int = 64
    """Validation scenes that are measured; all of them if there are fewer."""

    def __post_init__(self) -> None:
        for name in ("report_every", "preview_every", "measure_every", "save_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"schedule.{name}: expected at least 1 image.")
        if min(self.keep_checkpoints, self.num_previews, self.num_measured) < 1:
            raise ConfigError(
                "schedule: expected at least one checkpoint, preview and measured scene."
            )


class RunConfig(Protocol):
    """What the loop needs to know of a run, whatever is trained; see `TrainConfig`."""

    @property
    def name(self) -> str: ...
    @property
    def dataset(self) -> DatasetConfig: ...
    @property
    def validation(self) -> DatasetConfig | None: ...
    @property
    def preprocess(self) -> PreprocessConfig: ...
    @property
    def optimizer(self) -> OptimizerConfig: ...
    @property
    def schedule(self) -> ScheduleConfig: ...
    @property
    def images(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def accumulation(self) -> int: ...
    @property
    def decay_from(self) -> float: ...
    @property
    def average_half_life(self) -> int: ...
    @property
    def precision(self) -> PrecisionChoice: ...
    @property
    def seed(self) -> int: ...
    @property
    def num_workers(self) -> int: ...
    @property
    def card(self) -> str: ...


@dataclass(frozen=True)
class TrainConfig:
    """One training run of a SPADE generator."""

    name: str
    """Names the run and the model it makes."""
    dataset: DatasetConfig
    """Scenes to learn from."""
    model: SpadeConfig
    """Generator and encoder."""
    validation: DatasetConfig | None = None
    """Scenes to show and measure; none = the training scenes."""
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    """How scenes are scaled, cropped and flipped."""
    discriminator: SpadeDiscriminatorConfig | OasisDiscriminatorConfig = field(
        default_factory=SpadeDiscriminatorConfig
    )
    """The discriminator; it belongs to the objective."""
    objective: GauganObjectiveConfig | OasisObjectiveConfig = field(
        default_factory=GauganObjectiveConfig
    )
    """Adversarial losses."""
    guidance: GuidanceConfig = field(default_factory=GuidanceConfig)
    """The generator's other losses."""
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    """Learning rates."""
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    """Reports, previews, checkpoints."""
    images: int = 1_000_000
    """How many images the run sees in all."""
    batch_size: int = 32
    """Images per step, over all processes."""
    accumulation: int = 1
    """Parts of a process's share of a batch, to save memory; batch norm sees one part at a time."""
    decay_from: float = 1.0
    """Share of the run after which the learning rates fall linearly to zero."""
    average_half_life: int = 10_000
    """Half-life of the generator's moving average, in images; 0 = no averaging."""
    standard_styles: bool = False
    """Whether codes of the models that are saved are turned so that those of the training photos
    are standard normal together, as the random styles of a small guidance.kl_weight need."""
    start_from: str | None = None
    """Model folder whose generator and encoder the run begins with; classes are matched by name."""
    initialization: Initialization = "xavier"
    """Rule for the starting weights of everything else."""
    initialization_gain: float = 0.02
    """Gain of that rule, a deviation if it is normal; for generator and encoder, the discriminator
    has its own."""
    precision: PrecisionChoice = "auto"
    """fp32, bf16 (mixed), or auto: what a probe finds faster on the machine."""
    seed: int = 0
    """Of weights, order, crops, styles and augmentations."""
    num_workers: int = 2
    """Processes that read scenes ahead."""
    card: str = ""
    """Markdown for the model's card: the data's origin and licence, what the model is bad at."""

    def __post_init__(self) -> None:
        _check_run(self)
        step = self.model.size_multiple
        starts_with_a_pixel = self.model.size_hw == (step, step)
        if starts_with_a_pixel and self.batch_size == self.accumulation:
            raise ConfigError(
                f"batch_size: one image at a time gives batch norm a single value per channel, "
                f"since the network begins with one pixel at {step}x{step}. Take a larger "
                f"batch_size, less accumulation, or a larger size_hw."
            )
        if self.initialization == "normal" and self.discriminator.initialization_gain > 0.1:
            raise ConfigError(
                f"discriminator.initialization_gain: {self.discriminator.initialization_gain} is a "
                f"deviation for initialization normal, with which the logits begin in the "
                f"hundreds. Set it to 0.02, or take another initialization."
            )
        is_oasis = isinstance(self.discriminator, OasisDiscriminatorConfig)
        if is_oasis != isinstance(self.objective, OasisObjectiveConfig):
            raise ConfigError(
                f"objective {type(self.objective).__name__} does not go with discriminator "
                f"{type(self.discriminator).__name__}; take both from the same paper."
            )
        if isinstance(self.discriminator, OasisDiscriminatorConfig):
            multiple = self.discriminator.size_multiple
            if any(side % multiple for side in self.model.size_hw):
                raise ConfigError(
                    f"discriminator: its {len(self.discriminator.channel_multipliers)} blocks need "
                    f"sides that are multiples of {multiple}, got {self.model.size_hw}. Take fewer "
                    f"channel_multipliers, or another size_hw."
                )
        if self.standard_styles and self.model.encoder is None:
            raise ConfigError(
                "standard_styles: there are no codes of photos without an encoder; give the model "
                "one (model.style_dim, model.encoder), or leave standard_styles out."
            )
        if self.preprocess.mode in _ONE_SIZE and self.preprocess.size_hw != self.model.size_hw:
            raise ConfigError(
                f"preprocess.size_hw is {self.preprocess.size_hw}, model.size_hw "
                f"{self.model.size_hw}; they must be equal."
            )


_ONE_SIZE = (
    "resize_and_crop",
    "scale_width_and_crop",
    "scale_shortside_and_crop",
    "crop",
    "fixed",
)


@dataclass(frozen=True)
class SegmenterTrainConfig:
    """One training run of a segmenter; the fields are those of `TrainConfig`, and backbone."""

    name: str
    dataset: DatasetConfig
    model: SegmenterConfig | SqueezeNetSegmenterConfig
    backbone: str | None = None
    """File of the SqueezeNet weights that a SqueezeNet segmenter begins with."""
    validation: DatasetConfig | None = None
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    objective: SegmentationObjectiveConfig = field(default_factory=SegmentationObjectiveConfig)
    optimizer: OptimizerConfig = field(
        default_factory=lambda: OptimizerConfig(generator_lr=2e-3, beta1=0.9, beta2=0.99)
    )
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    images: int = 40_000
    batch_size: int = 16
    accumulation: int = 1
    decay_from: float = 0.0
    average_half_life: int = 500
    precision: PrecisionChoice = "auto"
    seed: int = 0
    num_workers: int = 2
    card: str = ""

    def __post_init__(self) -> None:
        _check_run(self)
        if isinstance(self.model, SqueezeNetSegmenterConfig) != (self.backbone is not None):
            raise ConfigError(
                "backbone: a SqueezeNet segmenter begins with SqueezeNet's weights and needs their "
                "file; a compact segmenter begins with nothing and takes none."
            )
        if self.preprocess.mode not in _ONE_SIZE:
            raise ConfigError(
                f"preprocess.mode: {self.preprocess.mode!r} gives pictures of several sizes, but a "
                f"segmenter is trained on one: {', '.join(_ONE_SIZE)}."
            )


def _check_run(config: RunConfig) -> None:
    if config.images < 1 or config.batch_size < 1 or config.accumulation < 1:
        raise ConfigError("images, batch_size and accumulation: expected at least 1.")
    if config.batch_size % config.accumulation:
        raise ConfigError(
            f"batch_size: {config.batch_size} is not a multiple of accumulation "
            f"{config.accumulation}."
        )
    if not 0 <= config.decay_from <= 1:
        raise ConfigError(f"decay_from: expected a share in [0, 1], got {config.decay_from}.")
