"""Scenes stacked as tensors; the only module of `scene` that needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sinopia.errors import DatasetError
from sinopia.scene.image import ImageArray
from sinopia.scene.instances import instance_edges
from sinopia.scene.sample import Scene

__all__ = ["SceneBatch", "images_from_tensor", "images_to_tensor"]


@dataclass(frozen=True, eq=False)
class SceneBatch:
    """Scenes of one size as tensors; absent parts are None."""

    label_ids: Tensor
    """(B, H, W) int64, 255 = unlabeled."""
    images: Tensor | None = None
    """(B, 3, H, W) float32 in [-1, 1]."""
    instance_edges: Tensor | None = None
    """(B, 1, H, W) float32, 0 or 1, drawn at this size."""

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return (self.label_ids.shape[1], self.label_ids.shape[2])

    def __len__(self) -> int:
        return self.label_ids.shape[0]

    def to(self, device: torch.device | str) -> SceneBatch:
        """The batch on another device."""
        return SceneBatch(
            *(
                None if part is None else part.to(device, non_blocking=True)
                for part in (self.label_ids, self.images, self.instance_edges)
            )  # type: ignore[arg-type]
        )

    @classmethod
    def stack(cls, scenes: Sequence[Scene]) -> SceneBatch:
        """Stack scenes of one size; a part that any scene lacks is None.

        Raises:
            DatasetError: when the sizes differ.
        """
        sizes = {scene.label_map.size_hw for scene in scenes}
        if len(sizes) != 1:
            raise DatasetError(f"scenes of one batch must have one size, got {sorted(sizes)}.")
        label_ids = torch.as_tensor(
            np.stack([scene.label_map.ids for scene in scenes]).astype(np.int64)
        )
        images = [scene.image for scene in scenes if scene.image is not None]
        instances = [scene.instance_ids for scene in scenes if scene.instance_ids is not None]
        edges = None
        if len(instances) == len(scenes):
            stacked = np.stack([instance_edges(each) for each in instances])
            edges = torch.as_tensor(stacked.astype(np.float32)).unsqueeze(1)
        return cls(
            label_ids,
            images_to_tensor(images) if len(images) == len(scenes) else None,
            edges,
        )


def images_to_tensor(images: Sequence[ImageArray]) -> Tensor:
    """Pictures of one size, (H, W, 3) uint8, as (B, 3, H, W) float32 in [-1, 1].

    The memory is in channels-last order.
    """
    stacked = torch.as_tensor(np.stack(images))  # (B, H, W, 3)
    return (stacked.permute(0, 3, 1, 2).to(torch.float32) / 127.5) - 1.0


def images_from_tensor(images: Tensor) -> list[ImageArray]:
    """Pictures of a (B, 3, H, W) tensor in [-1, 1], as (H, W, 3) uint8, rounded to nearest."""
    scaled = ((images.detach().to(torch.float32) + 1.0) * 127.5).round_().clamp_(0, 255)
    return list(scaled.to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())
