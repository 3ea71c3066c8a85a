from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from sinopia.errors import ConfigError
from sinopia.models.oasis import OasisDiscriminator, OasisDiscriminatorConfig
from sinopia.nn.initialization import initialize

PUBLISHED = OasisDiscriminatorConfig()
TINY = OasisDiscriminatorConfig(base_channels=4, channel_multipliers=(1, 2, 2))


def test_published_size() -> None:
    """The paper counts 22.3 million parameters for 150 classes and their like."""
    with torch.device("meta"):
        network = OasisDiscriminator(PUBLISHED, num_classes=151)
    count = sum(each.numel() for each in network.parameters())
    assert count == pytest.approx(22.3e6, rel=0.02)


@pytest.mark.parametrize("size_hw", [(8, 8), (16, 24)])
def test_a_logit_for_each_class_and_for_fake_at_every_pixel(size_hw: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = OasisDiscriminator(TINY, num_classes=5)
    logits = network(torch.randn(2, 3, *size_hw))
    assert logits.shape == (2, 6, *size_hw)
    logits.square().mean().backward()
    assert all(each.grad is not None and each.grad.any() for each in network.parameters())


def test_every_pixel_is_read_with_its_surroundings_coarse_and_fine() -> None:
    """A change in one corner reaches the other through the coarse path only, so less."""
    torch.manual_seed(0)
    network = OasisDiscriminator(TINY, num_classes=5).eval()
    images = torch.randn(1, 3, 16, 16)
    changed = images.clone()
    changed[:, :, 0, 0] += 3.0
    with torch.no_grad():
        difference = (network(changed) - network(images)).abs().sum(dim=1)[0]
    assert difference[0, 0] > 10 * difference[8:, 8:].max()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel_multipliers": ()}, "expected positive numbers"),
        ({"channel_multipliers": (1, 0)}, "expected positive numbers"),
        ({"base_channels": 1}, "2 or more, got 1"),
    ],
)
def test_configs_that_cannot_be(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OasisDiscriminatorConfig(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gain", "is_calm"), [(PUBLISHED.initialization_gain, True), (0.02, False)]
)
def test_the_first_steps_of_the_published_rate(gain: float, is_calm: bool) -> None:
    """With small weights the spectral norms do not follow the steps, and the logits explode."""
    config = OasisDiscriminatorConfig(base_channels=16, channel_multipliers=(1, 1, 2, 4))
    network = OasisDiscriminator(config, num_classes=5)
    initialize(network, "xavier", gain=gain, seed=0)
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-4, betas=(0.0, 0.9))
    draws = torch.Generator().manual_seed(0)
    largest = 0.0
    for _ in range(4):
        images = torch.rand(2, 3, 32, 32, generator=draws) * 2 - 1
        logits = network(images)
        largest = max(largest, float(logits.detach().abs().max()))
        label_ids = torch.randint(5, (2, 32, 32), generator=draws)
        optimizer.zero_grad()
        F.cross_entropy(logits, label_ids).backward()
        optimizer.step()
    assert (largest < 2) == is_calm
