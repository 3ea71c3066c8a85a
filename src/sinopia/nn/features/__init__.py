"""Frozen networks whose features measure how alike two pictures look."""

from sinopia.nn.features.squeezenet import (
    InputConvention,
    SqueezeNetFeatures,
    SqueezeNetVersion,
)
from sinopia.nn.features.vgg import Vgg19Features
from sinopia.nn.features.weights import freeze, load_weights, read_weights

__all__ = [
    "InputConvention",
    "SqueezeNetFeatures",
    "SqueezeNetVersion",
    "Vgg19Features",
    "freeze",
    "load_weights",
    "read_weights",
]
