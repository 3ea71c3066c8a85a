"""The published SPADE networks, written plainly: a dense one-hot map, one convolution at a time.

A second opinion on `sinopia.models.spade` that shares no line with it. Weights come as one flat
dictionary under the names of the released files (`up_0.norm_s.mlp_gamma.weight`, ...); biases and
statistics that a name lacks in the dictionary do not exist. Evaluation mode throughout: spectral
norm divides by sigma = u^T W v of the stored vectors, batch norm uses the running statistics.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

Weights = dict[str, Tensor]

BLOCK_NAMES = ("head_0", "G_middle_0", "G_middle_1", "up_0", "up_1", "up_2", "up_3", "up_4")


def one_hot_map(
    label_ids: Tensor, *, num_classes: int, has_unlabeled: bool, edges: Tensor | None
) -> Tensor:
    """(B, S, H, W): one channel a class, then unlabeled (id 255), then edges."""
    channels = [label_ids == index for index in range(num_classes)]
    if has_unlabeled:
        channels.append(label_ids == 255)
    one_hot = torch.stack(channels, dim=1).float()
    return one_hot if edges is None else torch.cat([one_hot, edges.float()], dim=1)


def convolve(weights: Weights, name: str, x: Tensor, *, stride: int, padding: int) -> Tensor:
    """A convolution, with spectral norm when the weights hold its vectors."""
    if f"{name}.weight_orig" in weights:
        weight = weights[f"{name}.weight_orig"]
        matrix = weight.reshape(weight.shape[0], -1)
        sigma = weights[f"{name}.weight_u"] @ matrix @ weights[f"{name}.weight_v"]
        weight = weight / sigma
    else:
        weight = weights[f"{name}.weight"]
    return F.conv2d(x, weight, weights.get(f"{name}.bias"), stride=stride, padding=padding)


def conv3(weights: Weights, name: str, x: Tensor) -> Tensor:
    return convolve(weights, name, x, stride=1, padding=1)


def standardize(x: Tensor) -> Tensor:
    """Instance norm without parameters."""
    mean = x.mean(dim=(2, 3), keepdim=True)
    variance = ((x - mean) ** 2).mean(dim=(2, 3), keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5)


def spade(weights: Weights, name: str, x: Tensor, segmap: Tensor) -> Tensor:
    """norm(x) * (1 + gamma) + beta."""
    if f"{name}.param_free_norm.running_mean" in weights:
        mean = weights[f"{name}.param_free_norm.running_mean"].reshape(1, -1, 1, 1)
        variance = weights[f"{name}.param_free_norm.running_var"].reshape(1, -1, 1, 1)
        normal = (x - mean) / torch.sqrt(variance + 1e-5)
    else:
        normal = standardize(x)
    resized = F.interpolate(segmap, size=x.shape[2:], mode="nearest")
    padding = weights[f"{name}.mlp_shared.0.weight"].shape[-1] // 2
    hidden = convolve(weights, f"{name}.mlp_shared.0", resized, stride=1, padding=padding)
    hidden = torch.clamp(hidden, min=0)
    gamma = convolve(weights, f"{name}.mlp_gamma", hidden, stride=1, padding=padding)
    beta = convolve(weights, f"{name}.mlp_beta", hidden, stride=1, padding=padding)
    return normal * (1 + gamma) + beta


def leaky(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, 0.2 * x)


def residual_block(weights: Weights, name: str, x: Tensor, segmap: Tensor) -> Tensor:
    main = conv3(weights, f"{name}.conv_0", leaky(spade(weights, f"{name}.norm_0", x, segmap)))
    main = conv3(weights, f"{name}.conv_1", leaky(spade(weights, f"{name}.norm_1", main, segmap)))
    if f"{name}.norm_s.mlp_gamma.weight" in weights:
        x = spade(weights, f"{name}.norm_s", x, segmap)  # no activation on the shortcut
        x = convolve(weights, f"{name}.conv_s", x, stride=1, padding=0)
    return x + main


def double(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def generator(
    weights: Weights, segmap: Tensor, *, upsampling: str, z: Tensor | None = None
) -> Tensor:
    """Pictures (B, 3, H, W) of a map (B, S, H, W), from a style code z when given."""
    doublings = {"normal": 5, "more": 6, "most": 7}[upsampling]
    height, width = segmap.shape[2] // 2**doublings, segmap.shape[3] // 2**doublings
    if z is None:
        small = F.interpolate(segmap, size=(height, width), mode="nearest")
        x = conv3(weights, "fc", small)
    else:
        x = z @ weights["fc.weight"].T + weights["fc.bias"]
        x = x.reshape(len(x), -1, height, width)

    x = residual_block(weights, "head_0", x, segmap)
    x = double(x)
    x = residual_block(weights, "G_middle_0", x, segmap)
    if upsampling in ("more", "most"):
        x = double(x)
    x = residual_block(weights, "G_middle_1", x, segmap)
    x = double(x)
    x = residual_block(weights, "up_0", x, segmap)
    x = double(x)
    x = residual_block(weights, "up_1", x, segmap)
    x = double(x)
    x = residual_block(weights, "up_2", x, segmap)
    x = double(x)
    x = residual_block(weights, "up_3", x, segmap)
    if upsampling == "most":
        x = double(x)
        x = residual_block(weights, "up_4", x, segmap)
    return torch.tanh(conv3(weights, "conv_img", leaky(x)))


def encoder(weights: Weights, images: Tensor, *, size: int = 256) -> tuple[Tensor, Tensor]:
    """Mean and log variance of the style of (B, 3, H, W) pictures."""
    x = images
    if tuple(x.shape[2:]) != (size, size):
        x = F.interpolate(x, size=(size, size), mode="bilinear")
    index = 1
    while f"layer{index}.0.weight_orig" in weights:
        if index > 1:
            x = leaky(x)
        x = standardize(convolve(weights, f"layer{index}.0", x, stride=2, padding=1))
        index += 1
    flat = leaky(x).reshape(len(x), -1)
    mean = flat @ weights["fc_mu.weight"].T + weights["fc_mu.bias"]
    log_variance = flat @ weights["fc_var.weight"].T + weights["fc_var.bias"]
    return mean, log_variance


def half_size(x: Tensor) -> Tensor:
    """Average over 3x3, stride 2; places outside the picture are not counted."""
    counted = torch.ones_like(x[:1, :1])
    box = torch.ones(1, 1, 3, 3, dtype=x.dtype)
    total = torch.stack(
        [F.conv2d(x[:, [c]], box, stride=2, padding=1)[:, 0] for c in range(x.shape[1])], dim=1
    )
    return total / F.conv2d(counted, box, stride=2, padding=1)


def discriminator(
    weights: Weights, segmap: Tensor, images: Tensor, *, num_scales: int = 2
) -> list[list[Tensor]]:
    """Outputs of model0 to model4 at each scale, full size first."""
    x = torch.cat([segmap, images], dim=1)
    outputs = []
    for scale in range(num_scales):
        name = f"discriminator_{scale}"
        features = [leaky(convolve(weights, f"{name}.model0.0", x, stride=2, padding=2))]
        for layer, stride in ((1, 2), (2, 2), (3, 1)):
            y = convolve(
                weights, f"{name}.model{layer}.0.0", features[-1], stride=stride, padding=2
            )
            features.append(leaky(standardize(y)))
        features.append(convolve(weights, f"{name}.model4.0", features[-1], stride=1, padding=2))
        outputs.append(features)
        x = half_size(x)
    return outputs
