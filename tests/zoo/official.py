"""Networks in the published layout, written plainly from the published definition, dense maps only.

Their state dicts have the names and shapes of official checkpoints; their outputs are what an
import must reproduce. Spectral norm is torch's older one: weight_orig, weight_u, weight_v.
"""

from __future__ import annotations

import warnings

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def spectral(layer: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # deprecated, but what the files hold
        return nn.utils.spectral_norm(layer)


class Spade(nn.Module):
    def __init__(self, channels: int, semantic: int, *, norm: str, kernel: int, hidden: int):
        super().__init__()
        if norm == "batch":
            self.param_free_norm: nn.Module = nn.BatchNorm2d(channels, affine=False)
        else:
            self.param_free_norm = nn.InstanceNorm2d(channels, affine=False)
        pad = kernel // 2
        self.mlp_shared = nn.Sequential(nn.Conv2d(semantic, hidden, kernel, padding=pad), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, channels, kernel, padding=pad)
        self.mlp_beta = nn.Conv2d(hidden, channels, kernel, padding=pad)

    def forward(self, x: Tensor, semantics: Tensor) -> Tensor:
        resized = F.interpolate(semantics, size=x.shape[2:], mode="nearest")
        hidden = self.mlp_shared(resized)
        return self.param_free_norm(x) * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)


class Block(nn.Module):
    def __init__(self, fin: int, fout: int, semantic: int, *, sn: bool, **options: object):
        super().__init__()
        wrap = spectral if sn else (lambda layer: layer)
        middle = min(fin, fout)
        self.conv_0 = wrap(nn.Conv2d(fin, middle, 3, padding=1))
        self.conv_1 = wrap(nn.Conv2d(middle, fout, 3, padding=1))
        self.norm_0 = Spade(fin, semantic, **options)
        self.norm_1 = Spade(middle, semantic, **options)
        self.learned = fin != fout
        if self.learned:
            self.conv_s = wrap(nn.Conv2d(fin, fout, 1, bias=False))
            self.norm_s = Spade(fin, semantic, **options)

    def forward(self, x: Tensor, semantics: Tensor) -> Tensor:
        shortcut = self.conv_s(self.norm_s(x, semantics)) if self.learned else x
        y = self.conv_0(F.leaky_relu(self.norm_0(x, semantics), 0.2))
        y = self.conv_1(F.leaky_relu(self.norm_1(y, semantics), 0.2))
        return shortcut + y


class OfficialGenerator(nn.Module):
    """`grid` is (rows, columns) of the start; the picture is 32, 64 or 128 times that."""

    def __init__(
        self,
        semantic: int,
        *,
        ngf: int = 2,
        mode: str = "normal",
        z_dim: int | None = None,
        grid: tuple[int, int] = (2, 2),
        norm: str = "batch",
        kernel: int = 3,
        hidden: int = 8,
        sn: bool = True,
    ):
        super().__init__()
        self.mode, self.grid, self.z_dim, self.ngf = mode, grid, z_dim, ngf

        def block(fin: int, fout: int) -> Block:
            options = {"norm": norm, "kernel": kernel, "hidden": hidden}
            return Block(fin * ngf, fout * ngf, semantic, sn=sn, **options)

        if z_dim is None:
            self.fc: nn.Module = nn.Conv2d(semantic, 16 * ngf, 3, padding=1)
        else:
            self.fc = nn.Linear(z_dim, 16 * ngf * grid[0] * grid[1])
        self.head_0 = block(16, 16)
        self.G_middle_0 = block(16, 16)
        self.G_middle_1 = block(16, 16)
        self.up_0 = block(16, 8)
        self.up_1 = block(8, 4)
        self.up_2 = block(4, 2)
        self.up_3 = block(2, 1)
        last = ngf
        if mode == "most":
            last = ngf // 2
            options = {"norm": norm, "kernel": kernel, "hidden": hidden}
            self.up_4 = Block(ngf, last, semantic, sn=sn, **options)
        self.conv_img = nn.Conv2d(last, 3, 3, padding=1)

    def forward(self, semantics: Tensor, z: Tensor | None = None) -> Tensor:
        def up(x: Tensor) -> Tensor:
            return F.interpolate(x, scale_factor=2, mode="nearest")

        if self.z_dim is None:
            x = self.fc(F.interpolate(semantics, size=self.grid, mode="nearest"))
        else:
            x = self.fc(z).view(-1, 16 * self.ngf, *self.grid)
        x = self.head_0(x, semantics)
        x = self.G_middle_0(up(x), semantics)
        if self.mode in ("more", "most"):
            x = up(x)
        x = self.G_middle_1(x, semantics)
        x = self.up_0(up(x), semantics)
        x = self.up_1(up(x), semantics)
        x = self.up_2(up(x), semantics)
        x = self.up_3(up(x), semantics)
        if self.mode == "most":
            x = self.up_4(up(x), semantics)
        return torch.tanh(self.conv_img(F.leaky_relu(x, 0.2)))


class OfficialEncoder(nn.Module):
    def __init__(self, *, ngf: int = 2, z_dim: int = 256):
        super().__init__()
        widths = [3, ngf, 2 * ngf, 4 * ngf, 8 * ngf, 8 * ngf, 8 * ngf]
        for index in range(6):
            convolution = nn.Conv2d(
                widths[index], widths[index + 1], 3, stride=2, padding=1, bias=False
            )
            layer = nn.Sequential(spectral(convolution), nn.InstanceNorm2d(widths[index + 1]))
            setattr(self, f"layer{index + 1}", layer)
        self.fc_mu = nn.Linear(8 * ngf * 16, z_dim)
        self.fc_var = nn.Linear(8 * ngf * 16, z_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.shape[2:] != (256, 256):
            x = F.interpolate(x, size=(256, 256), mode="bilinear")
        x = self.layer1(x)
        for index in range(2, 7):
            x = getattr(self, f"layer{index}")(F.leaky_relu(x, 0.2))
        x = F.leaky_relu(x, 0.2).flatten(1)
        return self.fc_mu(x), self.fc_var(x)


class OfficialDiscriminator(nn.Module):
    def __init__(self, semantic: int, *, ndf: int = 2, num_d: int = 2, n_layers: int = 4):
        super().__init__()
        self.num_d, self.n_layers = num_d, n_layers
        for scale in range(num_d):
            net = nn.Module()
            channels = ndf
            first = nn.Conv2d(semantic + 3, channels, 4, stride=2, padding=2)
            net.add_module("model0", nn.Sequential(first, nn.LeakyReLU(0.2)))
            for index in range(1, n_layers):
                previous, channels = channels, min(channels * 2, 8 * ndf)
                stride = 1 if index == n_layers - 1 else 2
                convolution = spectral(
                    nn.Conv2d(previous, channels, 4, stride=stride, padding=2, bias=False)
                )
                inner = nn.Sequential(convolution, nn.InstanceNorm2d(channels))
                net.add_module(f"model{index}", nn.Sequential(inner, nn.LeakyReLU(0.2)))
            last = nn.Conv2d(channels, 1, 4, padding=2)
            net.add_module(f"model{n_layers}", nn.Sequential(last))
            self.add_module(f"discriminator_{scale}", net)

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        outputs: list[list[Tensor]] = []
        for scale in range(self.num_d):
            net = getattr(self, f"discriminator_{scale}")
            features, y = [], x
            for index in range(self.n_layers + 1):
                y = getattr(net, f"model{index}")(y)
                features.append(y)
            outputs.append(features)
            x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
        return outputs


def randomize(network: nn.Module, seed: int) -> nn.Module:
    """Weights and running statistics far from their initial values; evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        elif name.endswith("num_batches_tracked"):
            tensor.fill_(7)
        elif name.endswith(("weight_u", "weight_v")):
            vector = torch.randn(tensor.shape, generator=generator)
            tensor.copy_(F.normalize(vector, dim=0))
        elif name.endswith(("bias", "running_mean")):
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.1)
        else:
            fan_in = tensor[0].numel()
            tensor.copy_(torch.randn(tensor.shape, generator=generator) / fan_in**0.5)
    return converge(network).eval()


def converge(network: nn.Module) -> nn.Module:
    """Spectral vectors a few steps towards the largest singular value, as training leaves them."""
    for module in network.modules():
        if hasattr(module, "weight_orig"):
            matrix = module.weight_orig.detach().flatten(1)
            for _ in range(3):
                module.weight_v.copy_(F.normalize(matrix.T @ module.weight_u, dim=0))
                module.weight_u.copy_(F.normalize(matrix @ module.weight_v, dim=0))
    return network


def dense_map(
    ids: Tensor, num_classes: int, *, order: str, unlabeled: bool, edges: Tensor | None
) -> Tensor:
    """The map as the published pipeline makes it: in "ade", 0 is unlabeled, k is class k - 1."""
    if order == "ade":
        numbers = torch.where(ids == 255, 0, ids + 1)
    else:
        numbers = torch.where(ids == 255, num_classes, ids)
    channels = F.one_hot(numbers, num_classes + 1).movedim(-1, 1).float()
    if not unlabeled:
        channels = channels[:, :num_classes]
    return channels if edges is None else torch.cat([channels, edges], 1)
