"""What the channels of a foreign label map mean, and how they come into our order.

Our order is: the classes by id, then unlabeled, then instance edges, the latter two if there are
such channels. Published networks have the same channels in one of two orders:

    "shifted"   class k in channel k, unlabeled after the classes: our order
    "raw"       the numbers of the files as they are: channel 0 is unlabeled, class k in channel
                k + 1. The released ADE20K pipeline, which meant to shift them, trained this way.

Edges come last in both.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from sinopia.errors import ModelError
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["LabelOrder", "MapChannels", "map_channels"]

LabelOrder = Literal["raw", "shifted"]


class MapChannels(NamedTuple):
    """What the channels of a foreign label map mean."""

    has_unlabeled: bool
    has_edges: bool
    label_order: LabelOrder
    order: tuple[int, ...]
    """The foreign channel of each of ours: classes, unlabeled, edges."""

    @property
    def description(self) -> str:
        """One sentence for the user."""
        parts = [f"{len(self.order) - self.has_unlabeled - self.has_edges} classes"]
        if self.has_unlabeled:
            parts.insert(0 if self.label_order == "raw" else 1, "unlabeled")
        if self.has_edges:
            parts.append("instance edges")
        return (
            f"the map's {len(self.order)} channels were taken as {', '.join(parts)} "
            f"(label order {self.label_order!r})."
        )


def map_channels(
    condition_channels: int,
    vocabulary: Vocabulary,
    *,
    has_unlabeled: bool | None = None,
    has_edges: bool | None = None,
    label_order: LabelOrder | None = None,
) -> MapChannels:
    """What the S channels of a foreign label map mean: S = K [+ 1 unlabeled] [+ 1 edges].

    When S = K + 1, the one channel is edges for Cityscapes and unlabeled for the rest. The label
    order is "raw" for ADE20K, else "shifted". Arguments that are not None decide instead.

    Raises:
        ModelError: when the channels do not fit the vocabulary and the arguments.
    """
    num_classes = len(vocabulary)
    fitting = [
        (unlabeled, edges)
        for unlabeled, edges in ((True, False), (False, True), (False, False), (True, True))
        if num_classes + unlabeled + edges == condition_channels
        and has_unlabeled in (None, unlabeled)
        and has_edges in (None, edges)
    ]
    if not fitting:
        raise ModelError(
            f"the file reads maps of {condition_channels} channels, but vocabulary "
            f"{vocabulary.name!r} has {num_classes} classes; besides these there can be a channel "
            f"for unlabeled ({_wish(has_unlabeled)}) and one for instance edges "
            f"({_wish(has_edges)}). Give the vocabulary that the model was trained with."
        )
    unlabeled, edges = fitting[-1] if vocabulary.name == "cityscapes" else fitting[0]
    if label_order is None:
        label_order = "raw" if vocabulary.name == "ade20k" and unlabeled else "shifted"
    classes = list(range(num_classes))
    if label_order == "raw" and not unlabeled:
        raise ModelError(
            "label order 'raw' means that channel 0 is unlabeled, but the maps of this file have "
            "no such channel. Use label order 'shifted'."
        )
    if label_order == "raw":
        order = [class_id + 1 for class_id in classes] + [0]
    else:
        order = classes + [num_classes] * unlabeled
    if edges:
        order.append(condition_channels - 1)
    return MapChannels(unlabeled, edges, label_order, tuple(order))


def _wish(wanted: bool | None) -> str:
    return {None: "not said", True: "asked for", False: "ruled out"}[wanted]
