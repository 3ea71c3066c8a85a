"""Official SPADE checkpoints (`latest_net_G.pth`, `..._E.pth`, `..._D.pth`) as our networks.

Family, width, channels, kernel, norms and modes are read from the tensors' shapes. What no shape
tells, such as the size of the start grid and the meaning of the map's channels, comes from the
vocabulary or from arguments. Every tensor that reads the map gets its channels in our order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from sinopia.errors import ConfigError, ModelError
from sinopia.models.spade import (
    SpadeConfig,
    SpadeDiscriminatorConfig,
    SpadeEncoder,
    SpadeEncoderConfig,
    SpadeGenerator,
    Upsampling,
    build_discriminator,
)
from sinopia.scene.vocabulary import Vocabulary
from sinopia.zoo.adapters.foreign import State, fit_names, solve_spectral_vectors
from sinopia.zoo.adapters.map_channels import LabelOrder, map_channels

__all__ = [
    "ImportedDiscriminator",
    "ImportedEncoder",
    "ImportedGenerator",
    "import_discriminator",
    "import_encoder",
    "import_generator",
]

_BLOCKS = ("head_0", "G_middle_0", "G_middle_1", "up_0", "up_1", "up_2", "up_3", "up_4")
_HEAD_MULTIPLIER = 16
_RGB_CHANNELS = 3
_SMALLEST_STYLED_SIDE = 256  # the official encoder cannot be trained at less
_USUAL_SIDES: Mapping[Upsampling, int] = {"normal": 256, "more": 512, "most": 1024}
_STEPS: Mapping[Upsampling, int] = {"normal": 32, "more": 64, "most": 128}


class ImportedGenerator(NamedTuple):
    """A generator's config and state; `notes` say what the file did not tell and was assumed."""

    config: SpadeConfig
    state: State
    notes: tuple[str, ...]


class ImportedEncoder(NamedTuple):
    """An encoder's config and state."""

    config: SpadeEncoderConfig
    style_dim: int
    state: State
    notes: tuple[str, ...]


class ImportedDiscriminator(NamedTuple):
    """A discriminator's config and state."""

    config: SpadeDiscriminatorConfig
    condition_channels: int
    state: State
    notes: tuple[str, ...]


def import_generator(
    state: Mapping[str, Tensor],
    *,
    vocabulary: Vocabulary,
    upsampling: Upsampling | None = None,
    size_hw: tuple[int, int] | None = None,
    has_unlabeled: bool | None = None,
    has_edges: bool | None = None,
    label_order: LabelOrder | None = None,
) -> ImportedGenerator:
    """An official generator's state as a config and a state for `SpadeGenerator`.

    "most" upsampling shows in the file. "normal" and "more" have the same tensors: without a style
    code it is "more" for Cityscapes, else "normal", unless `upsampling` says; with one, the start
    grid that the style code fills and `size_hw` decide.

    Raises:
        ModelError: when the file holds no such generator, or contradicts the arguments.
    """
    state, num_solved = solve_spectral_vectors(state)
    start = _tensor(state, "fc.weight", (2, 4), "a SPADE generator")
    shared = _tensor(state, "head_0.norm_0.mlp_shared.0.weight", (4,), "a SPADE generator")
    head = _tensor(state, "head_0.norm_0.mlp_gamma.weight", (4,), "a SPADE generator")
    channels = map_channels(
        shared.shape[1],
        vocabulary,
        has_unlabeled=has_unlabeled,
        has_edges=has_edges,
        label_order=label_order,
    )
    if head.shape[0] % _HEAD_MULTIPLIER or head.shape[0] == 0:
        raise ModelError(
            f"this generator starts with {head.shape[0]} channels; expected a multiple of "
            f"{_HEAD_MULTIPLIER}."
        )
    notes = [channels.description]
    if num_solved:
        notes.append(_V_NOTE.format(num_solved))
    has_style = start.ndim == 2
    start_cells = start.shape[0] // head.shape[0] if has_style else None
    is_most = any(name.startswith("up_4.") for name in state)
    chosen, chosen_hw = _size(vocabulary, is_most, start_cells, upsampling, size_hw)
    if upsampling is None and not is_most:
        notes.append(
            f"upsampling {chosen!r} was assumed: 'normal' and 'more' have the same tensors."
        )
    if size_hw is None:
        notes.append(f"size {chosen_hw[0]}x{chosen_hw[1]} (height x width) was assumed.")
    try:
        config = SpadeConfig(
            num_classes=len(vocabulary),
            has_unlabeled=channels.has_unlabeled,
            has_instance_edges=channels.has_edges,
            size_hw=chosen_hw,
            base_channels=head.shape[0] // _HEAD_MULTIPLIER,
            hidden_channels=shared.shape[0],
            kernel_size=shared.shape[2],
            upsampling=chosen,
            normalization=(
                "batch" if "head_0.norm_0.param_free_norm.running_mean" in state else "instance"
            ),
            has_spectral_norm="head_0.conv_0.weight_orig" in state,
            style_dim=start.shape[1] if has_style else None,
        )
    except ConfigError as error:
        raise ModelError(f"this generator cannot be built: {error}") from None
    expected = SpadeGenerator(config).state_dict()
    fitted = fit_names(state, expected, _generator_name, what=f"the generator of {config}")
    order = torch.tensor(channels.order)
    for name, tensor in fitted.items():
        if name.endswith(".shared.weight") or (name == "start.weight" and not has_style):
            fitted[name] = tensor[:, order]
    return ImportedGenerator(config, fitted, tuple(notes))


def import_encoder(state: Mapping[str, Tensor]) -> ImportedEncoder:
    """An official image encoder's state as a config and a state for `SpadeEncoder`.

    Raises:
        ModelError: when the file holds no such encoder.
    """
    state, num_solved = solve_spectral_vectors(state)
    is_spectral = "layer1.0.weight_orig" in state
    first_name = "layer1.0.weight_orig" if is_spectral else "layer1.0.weight"
    first = _tensor(state, first_name, (4,), "a SPADE encoder")
    mean = _tensor(state, "fc_mu.weight", (2,), "a SPADE encoder")
    depth = sum(f"layer{index + 1}.0.{first_name[9:]}" in state for index in range(16))
    config = SpadeEncoderConfig(
        base_channels=first.shape[0],
        input_size=2 ** (depth + 2),  # halved by every layer, to a grid of 4x4
        has_spectral_norm=is_spectral,
    )
    style_dim = mean.shape[0]
    expected = SpadeEncoder(config, style_dim=style_dim).state_dict()
    fitted = fit_names(state, expected, _encoder_name, what=f"the encoder of {config}")
    notes = (_V_NOTE.format(num_solved),) if num_solved else ()
    return ImportedEncoder(config, style_dim, fitted, notes)


def import_discriminator(
    state: Mapping[str, Tensor],
    *,
    vocabulary: Vocabulary,
    has_unlabeled: bool | None = None,
    has_edges: bool | None = None,
    label_order: LabelOrder | None = None,
) -> ImportedDiscriminator:
    """An official discriminator's state as a config and a state for `build_discriminator`.

    Raises:
        ModelError: when the file holds no such discriminator, or contradicts the arguments.
    """
    state, num_solved = solve_spectral_vectors(state)
    first = _tensor(state, "discriminator_0.model0.0.weight", (4,), "a SPADE discriminator")
    condition_channels = first.shape[1] - _RGB_CHANNELS
    channels = map_channels(
        condition_channels,
        vocabulary,
        has_unlabeled=has_unlabeled,
        has_edges=has_edges,
        label_order=label_order,
    )
    parts = {tuple(name.split(".")[:2]) for name in state}
    num_layers = sum(("discriminator_0", f"model{index}") in parts for index in range(16)) - 1
    config = SpadeDiscriminatorConfig(
        base_channels=first.shape[0],
        num_layers=num_layers,
        num_scales=sum((f"discriminator_{index}", "model0") in parts for index in range(16)),
        has_spectral_norm="discriminator_0.model1.0.0.weight_orig" in state,
    )
    expected = build_discriminator(config, condition_channels=condition_channels).state_dict()

    def foreign_name(name: str) -> str:
        _, scale, rest = name.split(".", 2)
        if rest.startswith("logits."):
            layer, rest = num_layers, rest.removeprefix("logits.")
        else:
            _, index, _, rest = rest.split(".", 3)
            layer = int(index)
        inner = ".0.0." if 0 < layer < num_layers else ".0."
        return f"discriminator_{scale}.model{layer}{inner}{_spectral_name(rest)}"

    fitted = fit_names(state, expected, foreign_name, what=f"the discriminator of {config}")
    rgb = range(condition_channels, condition_channels + _RGB_CHANNELS)
    order = torch.tensor([*channels.order, *rgb])
    for name, tensor in fitted.items():
        if name.endswith(".layers.0.convolution.weight"):
            fitted[name] = tensor[:, order]
    notes = (_V_NOTE.format(num_solved),) if num_solved else ()
    return ImportedDiscriminator(config, condition_channels, fitted, notes)


_V_NOTE = "{} spectral vectors v were missing (a file from before torch 1.0) and were computed."


def _size(
    vocabulary: Vocabulary,
    is_most: bool,
    start_cells: int | None,
    upsampling: Upsampling | None,
    size_hw: tuple[int, int] | None,
) -> tuple[Upsampling, tuple[int, int]]:
    """The mode and the size that fit the file; `start_cells` is h * w of the start of a style."""
    if upsampling is not None and (upsampling == "most") != is_most:
        has = "has" if is_most else "lacks"
        raise ModelError(
            f"upsampling {upsampling!r} does not fit the file: it {has} the tensors of up_4, which "
            f"'most' alone has."
        )
    aspect = 2 if vocabulary.name == "cityscapes" else 1
    preferred: Upsampling = "most" if is_most else "more" if aspect == 2 else "normal"
    if upsampling is not None:
        modes: list[Upsampling] = [upsampling]
    elif is_most or start_cells is None:
        modes = [preferred]
    else:
        modes = [preferred, "normal" if preferred == "more" else "more"]

    if start_cells is None:
        mode = modes[0]
        usual = _USUAL_SIDES[mode] // aspect
        return mode, size_hw or (usual, usual * aspect)
    if size_hw is not None:
        for mode in modes:
            step = _STEPS[mode]
            if (size_hw[0] // step) * (size_hw[1] // step) == start_cells:
                return mode, size_hw
        raise ModelError(
            f"a start grid of {start_cells} cells does not fit pictures of "
            f"{size_hw[0]}x{size_hw[1]} (height x width). Give the size of training: --size H W."
        )
    rows = math.isqrt(start_cells // aspect)
    if rows < 1 or rows * rows * aspect != start_cells:
        raise ModelError(
            f"the start grid has {start_cells} cells, from which the size of the pictures cannot "
            f"be told. Give the size of training: --size H W."
        )
    for mode in modes:
        if rows * aspect * _STEPS[mode] >= _SMALLEST_STYLED_SIDE:
            return mode, (rows * _STEPS[mode], rows * aspect * _STEPS[mode])
    return modes[0], (rows * _STEPS[modes[0]], rows * aspect * _STEPS[modes[0]])


def _tensor(state: Mapping[str, Tensor], name: str, dims: tuple[int, ...], what: str) -> Tensor:
    if name not in state:
        hint = next((text for key, text in _OTHER_FILES.items() if key in state), "")
        raise ModelError(
            f"this file is not {what}: it has no {name!r}.{hint} Expected the names that the "
            f"official code gives."
        )
    if state[name].ndim not in dims or 0 in state[name].shape:
        raise ModelError(f"this file is not {what}: {name} has shape {list(state[name].shape)}.")
    return state[name]


_OTHER_FILES = {
    "fc.weight": " It looks like a generator, latest_net_G.pth.",
    "fc_mu.weight": " It looks like an encoder, latest_net_E.pth.",
    "discriminator_0.model0.0.weight": " It looks like a discriminator, latest_net_D.pth.",
    "module.fc.weight": " Its names begin with 'module.': save network.module.state_dict().",
}


def _spectral_name(name: str) -> str:
    for ours, theirs in (
        ("parametrizations.weight.original", "weight_orig"),
        ("parametrizations.weight.0._u", "weight_u"),
        ("parametrizations.weight.0._v", "weight_v"),
    ):
        name = name.replace(ours, theirs)
    return name


def _generator_name(name: str) -> str:
    """Their name of a tensor of ours."""
    if name.startswith("start."):
        return name.replace("start.", "fc.")
    if name.startswith("to_image."):
        return name.replace("to_image.", "conv_img.")
    _, index, rest = name.split(".", 2)
    for ours, theirs in (
        ("_shortcut.", "_s."),
        (".normalize.", ".param_free_norm."),
        (".shared.", ".mlp_shared.0."),
        (".gamma.", ".mlp_gamma."),
        (".beta.", ".mlp_beta."),
    ):
        rest = rest.replace(ours, theirs)
    return f"{_BLOCKS[int(index)]}.{_spectral_name(rest)}"


def _encoder_name(name: str) -> str:
    """Their name of a tensor of ours."""
    if name.startswith("layers."):
        _, index, rest = name.split(".", 2)
        return f"layer{int(index) + 1}.{_spectral_name(rest)}"
    return name.replace("to_mean.", "fc_mu.").replace("to_log_variance.", "fc_var.")
