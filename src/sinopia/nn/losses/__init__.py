"""Training losses: pure functions of tensors, and perceptual losses with their frozen networks."""

from sinopia.nn.losses.adversarial import (
    AdversarialLoss,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    r1_penalty,
    win_rate,
)
from sinopia.nn.losses.color import color_loss
from sinopia.nn.losses.feature_matching import feature_matching_loss
from sinopia.nn.losses.kl import KlReduction, kl_divergence
from sinopia.nn.losses.perceptual import (
    FeatureNetwork,
    L1Distance,
    LpipsDistance,
    PerceptualLoss,
    RelativeL1Distance,
    l1_distance,
    lpips_distance,
    relative_l1_distance,
    squeezenet_lpips,
    squeezenet_perceptual,
    vgg19_perceptual,
)

__all__ = [
    "AdversarialLoss",
    "FeatureNetwork",
    "KlReduction",
    "L1Distance",
    "LpipsDistance",
    "PerceptualLoss",
    "RelativeL1Distance",
    "color_loss",
    "discriminator_loss",
    "feature_matching_loss",
    "generator_loss",
    "gradient_penalty",
    "kl_divergence",
    "l1_distance",
    "lpips_distance",
    "r1_penalty",
    "relative_l1_distance",
    "squeezenet_lpips",
    "squeezenet_perceptual",
    "vgg19_perceptual",
    "win_rate",
]
