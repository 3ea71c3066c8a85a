"""Model folders of segmenters, for whoever needs one that reads given classes."""

from __future__ import annotations

from pathlib import Path

import torch

from sinopia.errors import LabelError, ModelError
from sinopia.models.segmenter import CompactSegmenter
from sinopia.models.squeezenet_segmenter import SqueezeNetSegmenter
from sinopia.scene.vocabulary import Vocabulary
from sinopia.zoo.checkpoint import load_model

__all__ = ["load_segmenter"]


def load_segmenter(
    folder: Path, *, vocabulary: Vocabulary, option: str, device: str | torch.device = "cpu"
) -> CompactSegmenter | SqueezeNetSegmenter:
    """A segmenter of the classes of a vocabulary, frozen; `option` opens the messages.

    Raises:
        ModelError: when the folder holds no segmenter, or is damaged.
        LabelError: when it reads other classes.
    """
    model = load_model(folder, device=device)
    network = model.networks.get("segmenter")
    if not isinstance(network, (CompactSegmenter, SqueezeNetSegmenter)):
        raise ModelError(
            f"{option}: {folder} holds a model of family {model.family!r}, expected a segmenter."
        )
    if model.vocabulary.names != vocabulary.names:
        raise LabelError(
            f"{option}: {folder} reads the classes {', '.join(model.vocabulary.names[:6])} ... "
            f"({len(model.vocabulary)}), but the maps have {', '.join(vocabulary.names[:6])} ... "
            f"({len(vocabulary)}). Give a segmenter of {vocabulary.name!r}."
        )
    return network
