"""GauGAN: the SPADE generator, its style encoder and its discriminator.

Park, Liu, Wang, Zhu, "Semantic Image Synthesis with Spatially-Adaptive Normalization", CVPR 2019,
arXiv:1903.07291; figures 4 (block and generator), 13 (encoder), 14 and 15 (discriminator). Where
the paper and the released networks differ, this follows the networks, so that their weights fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sinopia.errors import ConfigError, RequestError
from sinopia.nn.patch_discriminator import MultiscaleDiscriminator
from sinopia.nn.spade import Condition, LabelCondition, Normalization, SpadeNorm

__all__ = [
    "NO_STYLE",
    "Interpolation",
    "SpadeConfig",
    "SpadeDiscriminatorConfig",
    "SpadeEncoder",
    "SpadeEncoderConfig",
    "SpadeGenerator",
    "build_discriminator",
    "doubled",
    "draw_noise",
    "fixed_noise",
    "sample_style",
    "style_features",
]

Upsampling = Literal["normal", "more", "most"]
Interpolation = Literal["nearest", "bilinear"]

_DOUBLINGS = {"normal": 5, "more": 6, "most": 7}
_LEAK = 0.2
_BANDS = 4
_COLORS = 3 * _BANDS
_COLOR_MIX = 0.7
"""Of colours, whose deviation is about 0.4: it gives the numbers of the code one of about one."""
_NOISE_SEED = 0x51_0B1A
_FIRST_STRENGTH = 0.5
"""Of the noise, beside features whose deviation is about one: a short run must be able to see it,
and to unlearn it."""

NO_STYLE = "this model has no style code: it makes one picture per map."


@dataclass(frozen=True)
class SpadeEncoderConfig:
    """The image encoder that turns a photo into a style code."""

    base_channels: int = 64
    """Channels of the first layer."""
    input_size: int = 256
    """Photos are resized to this square; a power of two, 8 or more."""
    normalization: Literal["instance", "none"] = "instance"
    """Norm after each convolution."""
    has_spectral_norm: bool = True
    """Spectral norm on each convolution."""
    has_colors: bool = False
    """The last layers see the mean colours of the photo's four horizontal bands too: instance norm
    keeps from them how bright and of what hue it is. Not in the published network."""

    def __post_init__(self) -> None:
        if self.input_size < 8 or self.input_size & (self.input_size - 1):
            raise ConfigError(
                f"encoder.input_size: expected a power of two of 8 or more, got {self.input_size}."
            )


@dataclass(frozen=True)
class SpadeConfig:
    """Everything a SPADE generator, and its encoder if it has one, are built from."""

    num_classes: int
    """Classes of the vocabulary, without unlabeled."""
    has_unlabeled: bool = True
    """Unlabeled pixels have a channel of their own; without it they are zero in every channel."""
    has_instance_edges: bool = False
    """The last channel marks the edges between objects."""
    size_hw: tuple[int, int] = (256, 256)
    """Height and width of the pictures it is trained for."""
    base_channels: int = 64
    """Width of the network; the blocks have multiples of it."""
    channel_multipliers: tuple[int, ...] = (16, 16, 16, 8, 4, 2, 1)
    """Output channels of the seven blocks, in multiples of base_channels."""
    hidden_channels: int = 128
    """Channels between the two convolutions that give gamma and beta."""
    kernel_size: int = 3
    """Kernel of these two convolutions; odd."""
    upsampling: Upsampling = "normal"
    """Doublings between the start grid and the picture: normal 5, more 6, most 7."""
    interpolation: Interpolation = "nearest"
    """How a grid doubles: nearest, as published, which large areas show as a lattice; or bilinear
    (Karras et al. 2019, arXiv:1812.04948, section 2), which wants noise: without either, nothing
    in a large area differs from pixel to pixel, and no texture grows."""
    normalization: Normalization = "batch"
    """The parameter-free norm inside SPADE."""
    has_spectral_norm: bool = True
    """Spectral norm on the convolutions of the blocks."""
    has_noise: bool = False
    """Noise at every pixel after the first convolution of each block, with a learnt strength a
    channel (Karras et al. 2019, arXiv:1812.04948, section 3.2): large areas of one class then do
    not repeat themselves. Not in the published network."""
    style_dim: int | None = None
    """Length of the style code; none = one picture per map, made from the map alone."""
    encoder: SpadeEncoderConfig | None = None
    """The encoder of style photos; needs a style_dim."""

    def __post_init__(self) -> None:
        step = self.size_multiple
        height, width = self.size_hw
        if height % step or width % step or height < step or width < step:
            raise ConfigError(
                f"size_hw: {height}x{width} does not fit upsampling {self.upsampling!r}, which "
                f"needs multiples of {step}."
            )
        if self.normalization == "instance" and self.size_hw == (step, step):
            raise ConfigError(
                f"normalization: 'instance' cannot begin with a single pixel, as upsampling "
                f"{self.upsampling!r} does for {step}x{step}; take 'batch' or a larger size_hw."
            )
        if len(self.channel_multipliers) != 7 or min(self.channel_multipliers) < 1:
            raise ConfigError(
                f"channel_multipliers: expected seven positive numbers, got "
                f"{self.channel_multipliers}."
            )
        if self.kernel_size % 2 == 0 or self.kernel_size < 1:
            raise ConfigError(f"kernel_size: expected an odd number, got {self.kernel_size}.")
        if self.encoder is not None and self.style_dim is None:
            raise ConfigError("encoder: a model without style_dim has no use for an encoder.")
        if not 1 <= self.num_classes <= 255 or not 2 <= self.base_channels <= 1024:
            raise ConfigError(
                f"expected 1 to 255 classes and 2 to 1024 base channels, got "
                f"{self.num_classes} and {self.base_channels}."
            )

    @property
    def size_multiple(self) -> int:
        """Both sides of a picture are multiples of this."""
        return 2 ** _DOUBLINGS[self.upsampling]

    @property
    def condition_channels(self) -> int:
        """Channels of the dense form of the condition."""
        return self.num_classes + int(self.has_unlabeled) + int(self.has_instance_edges)

    def check_size(self, size_hw: tuple[int, int]) -> None:
        """Raises RequestError, with the nearest size that works, for a size that cannot be made."""
        step = self.size_multiple
        if any(side % step or side < step for side in size_hw):
            nearest = [max(step, round(side / step) * step) for side in size_hw]
            raise RequestError(
                f"this model makes pictures whose height and width are multiples of {step}; asked "
                f"for {size_hw[0]}x{size_hw[1]} (height x width). The nearest size is "
                f"{nearest[0]}x{nearest[1]}: --size {nearest[0]} {nearest[1]}."
            )
        if self.normalization == "instance" and size_hw == (step, step):
            raise RequestError(
                f"this model has instance norm, which cannot begin with a single pixel, as "
                f"{step}x{step} does. The nearest size is {step}x{2 * step}: "
                f"--size {step} {2 * step}."
            )

    @property
    def doubles_before(self) -> tuple[bool, ...]:
        """For each block whether the grid doubles before it."""
        doubles = [False, True, self.upsampling != "normal", True, True, True, True]
        return (*doubles, True) if self.upsampling == "most" else tuple(doubles)

    def start_grid(self, size_hw: tuple[int, int]) -> tuple[int, int]:
        """Height and width of the grid that a picture begins with."""
        return (size_hw[0] // self.size_multiple, size_hw[1] // self.size_multiple)

    def condition(self, label_ids: Tensor, instance_edges: Tensor | None = None) -> LabelCondition:
        """The condition that the generator expects, from (B, H, W) ids and (B, 1, H, W) edges.

        A model that was trained without edges leaves them out.

        Raises:
            RequestError: when the model was trained with edges and none are given.
        """
        if self.has_instance_edges and instance_edges is None:
            raise RequestError("this model was trained with instance edges; give an instance map.")
        return LabelCondition(
            label_ids,
            num_classes=self.num_classes,
            has_unlabeled=self.has_unlabeled,
            instance_edges=instance_edges if self.has_instance_edges else None,
        )


@dataclass(frozen=True)
class SpadeDiscriminatorConfig:
    """The multi-scale patch discriminator."""

    base_channels: int = 64
    """Channels of the first layer."""
    num_layers: int = 4
    """Layers before the logits."""
    num_scales: int = 2
    """Copies that see the picture at full, half, quarter ... size."""
    normalization: Literal["instance", "none"] = "instance"
    """Norm of the middle layers."""
    has_spectral_norm: bool = True
    """Spectral norm on the middle layers."""
    initialization_gain: float = 0.02
    """Gain of the starting weights, as TrainConfig.initialization_gain."""


def build_discriminator(
    config: SpadeDiscriminatorConfig, *, condition_channels: int
) -> MultiscaleDiscriminator:
    """The discriminator of pictures stacked under their maps: (B, condition_channels + 3, H, W)."""
    return MultiscaleDiscriminator(
        condition_channels + 3,
        num_scales=config.num_scales,
        base_channels=config.base_channels,
        num_layers=config.num_layers,
        normalization=config.normalization,
        has_spectral_norm=config.has_spectral_norm,
    )


class SpadeGenerator(nn.Module):
    """Turns a map, and a style code if it has one, into a picture."""

    def __init__(self, config: SpadeConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.base_channels * each for each in config.channel_multipliers]
        if config.upsampling == "most":
            widths.append(max(1, widths[-1] // 2))

        self.start: nn.Module
        if config.style_dim is None:
            self.start = nn.Conv2d(config.condition_channels, widths[0], 3, padding=1)
        else:
            height, width = config.start_grid(config.size_hw)
            self.start = nn.Linear(config.style_dim, widths[0] * height * width)
        self.blocks = nn.ModuleList(
            SpadeBlock(
                in_channels,
                out_channels,
                condition_channels=config.condition_channels,
                hidden_channels=config.hidden_channels,
                kernel_size=config.kernel_size,
                normalization=config.normalization,
                has_spectral_norm=config.has_spectral_norm,
                has_noise=config.has_noise,
            )
            for in_channels, out_channels in zip(widths[:1] + widths, widths, strict=False)
        )
        self.to_image = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(
        self,
        condition: Condition,
        style: Tensor | None = None,
        noise: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] of the condition's size; `style` is (B, style_dim).

        `noise` is what `draw_noise` gives; without it a model with noise takes `fixed_noise`.

        Raises:
            RequestError: for a size that the network cannot make, or a missing or needless style.
        """
        x = self.start_features(condition, style)
        if noise is None:
            noise = fixed_noise(self.config, condition.size_hw, device=x.device)
        for index, (doubles, block) in enumerate(
            zip(self.config.doubles_before, self.blocks, strict=True)
        ):
            if doubles:
                x = doubled(x, self.config.interpolation)
            x = block(x, condition, noise[index] if noise else None)
        return torch.tanh(self.to_image(F.leaky_relu(x, _LEAK)))

    def start_features(self, condition: Condition, style: Tensor | None) -> Tensor:
        """The features at the start grid, (B, C, h, w)."""
        self.config.check_size(condition.size_hw)
        if isinstance(self.start, nn.Linear):
            return style_features(self.start, style, config=self.config, size_hw=condition.size_hw)
        if style is not None:
            raise RequestError(NO_STYLE)
        grid = self.config.start_grid(condition.size_hw)
        return self.start(condition.dense_at(grid).to(self.to_image.weight.dtype))

    def condition(self, label_ids: Tensor, instance_edges: Tensor | None = None) -> LabelCondition:
        """The condition that this network expects; see `SpadeConfig.condition`."""
        return self.config.condition(label_ids, instance_edges)


def doubled(x: Tensor, interpolation: Interpolation) -> Tensor:
    """(B, C, h, w) to (B, C, 2h, 2w)."""
    aligns = None if interpolation == "nearest" else False
    return F.interpolate(x, scale_factor=2.0, mode=interpolation, align_corners=aligns)


def draw_noise(
    config: SpadeConfig, size_hw: tuple[int, int], *, batch_size: int, generator: torch.Generator
) -> list[Tensor]:
    """Standard normal noise for each block, (B, 1, h, w) at its grid; empty without noise."""
    noise: list[Tensor] = []
    if config.has_noise:
        height, width = config.start_grid(size_hw)
        for doubles in config.doubles_before:
            height, width = height << int(doubles), width << int(doubles)
            noise.append(torch.randn(batch_size, 1, height, width, generator=generator))
    return noise


def fixed_noise(
    config: SpadeConfig, size_hw: tuple[int, int], *, device: torch.device
) -> list[Tensor]:
    """The noise of every finished picture of a size, (1, 1, h, w) a block.

    It is always the same, so that a picture depends on its map and style alone, and a stroke
    changes nothing elsewhere.
    """
    generator = torch.Generator().manual_seed(_NOISE_SEED)
    noise = draw_noise(config, size_hw, batch_size=1, generator=generator)
    return [each.to(device) for each in noise]


def style_features(
    start: nn.Linear, style: Tensor | None, *, config: SpadeConfig, size_hw: tuple[int, int]
) -> Tensor:
    """What a picture of a size begins with: style codes (B, style_dim) to (B, C, h, w).

    Raises:
        RequestError: when there is no style.
    """
    if style is None:
        raise RequestError("this model needs a style code; sample_style() draws one.")
    grid, trained_grid = config.start_grid(size_hw), config.start_grid(config.size_hw)
    features = start(style).unflatten(1, (-1, *trained_grid))
    if grid != trained_grid:  # other sizes than the trained one stretch its start grid
        features = F.interpolate(features, size=grid, mode="bilinear", align_corners=False)
    return features


class SpadeBlock(nn.Module):
    """SPADE residual block (figure 4, left): two modulated convolutions and a shortcut.

    The shortcut is the identity while the width stays, else SPADE and a 1x1 convolution without
    activation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        condition_channels: int,
        hidden_channels: int,
        kernel_size: int,
        normalization: Normalization,
        has_spectral_norm: bool,
        has_noise: bool,
    ) -> None:
        super().__init__()

        def spade(channels: int) -> SpadeNorm:
            return SpadeNorm(
                channels,
                condition_channels=condition_channels,
                hidden_channels=hidden_channels,
                kernel_size=kernel_size,
                normalization=normalization,
            )

        def convolution(source: int, target: int, size: int, *, has_bias: bool = True) -> nn.Module:
            layer = nn.Conv2d(source, target, size, padding=size // 2, bias=has_bias)
            return spectral_norm(layer) if has_spectral_norm else layer

        middle_channels = min(in_channels, out_channels)
        self.norm_0 = spade(in_channels)
        self.conv_0 = convolution(in_channels, middle_channels, 3)
        self.norm_1 = spade(middle_channels)
        self.conv_1 = convolution(middle_channels, out_channels, 3)
        self.noise_strength: nn.Parameter | None = None
        if has_noise:
            self.noise_strength = nn.Parameter(torch.full((middle_channels,), _FIRST_STRENGTH))
        self.has_learned_shortcut = in_channels != out_channels
        if self.has_learned_shortcut:
            self.norm_shortcut = spade(in_channels)
            self.conv_shortcut = convolution(in_channels, out_channels, 1, has_bias=False)

    def forward(self, x: Tensor, condition: Condition, noise: Tensor | None = None) -> Tensor:
        """(B, C_in, h, w) to (B, C_out, h, w); noise (B or 1, 1, h, w), if the block takes any."""
        residual = self.conv_0(F.leaky_relu(self.norm_0(x, condition), _LEAK))
        if self.noise_strength is not None and noise is not None:
            strength = self.noise_strength.to(residual.dtype)[:, None, None]
            residual = residual + noise.to(residual.dtype) * strength
        residual = self.conv_1(F.leaky_relu(self.norm_1(residual, condition), _LEAK))
        if self.has_learned_shortcut:
            x = self.conv_shortcut(self.norm_shortcut(x, condition))
        return x + residual


class SpadeEncoder(nn.Module):
    """Turns a photo into the mean and log variance of its style code (figure 13)."""

    def __init__(self, config: SpadeEncoderConfig, *, style_dim: int) -> None:
        super().__init__()
        self.config = config
        depth = config.input_size.bit_length() - 3  # halve until a 4x4 grid is left
        widths = [config.base_channels * min(2**index, 8) for index in range(depth)]
        self.layers = nn.ModuleList()
        for source, target in zip([3, *widths], widths, strict=False):
            has_bias = config.normalization == "none"
            layer = nn.Conv2d(source, target, 3, stride=2, padding=1, bias=has_bias)
            norm = (
                nn.InstanceNorm2d(target) if config.normalization == "instance" else nn.Identity()
            )
            self.layers.append(
                nn.Sequential(spectral_norm(layer) if config.has_spectral_norm else layer, norm)
            )
        features = widths[-1] * 16 + (_COLORS if config.has_colors else 0)
        self.to_mean = nn.Linear(features, style_dim)
        self.to_log_variance = nn.Linear(features, style_dim)

    @torch.no_grad()
    def begin_with_colors(self, generator: torch.Generator) -> None:
        """Make the mean a random mix of the photo's colours, beside what it is already.

        A generator can only learn to use what is in the code, and an encoder only to put there what
        is used: from nothing, the two agree on brightness and never find hue.
        """
        if self.config.has_colors:
            colors = self.to_mean.weight[:, -_COLORS:]
            mix = torch.randn(colors.shape, generator=generator) * _COLOR_MIX
            colors += mix.to(colors)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, each (B, style_dim), of (B, 3, H, W) pictures in [-1, 1]."""
        side = self.config.input_size
        x = images
        if x.shape[2:] != (side, side):
            x = F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False)
        for index, layer in enumerate(self.layers):
            x = layer(F.leaky_relu(x, _LEAK) if index > 0 else x)
        x = F.leaky_relu(x, _LEAK).flatten(1)
        if self.config.has_colors:
            bands = F.adaptive_avg_pool2d(images, (_BANDS, 1)).flatten(1)
            x = torch.cat([x, bands.to(x.dtype)], dim=1)
        return self.to_mean(x), self.to_log_variance(x)


def sample_style(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """A style code z = mean + exp(log_variance / 2) * noise (Kingma and Welling 2014, 2.4)."""
    return mean + torch.exp(0.5 * log_variance) * noise
