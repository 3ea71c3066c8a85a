"""Rectangles of pixels: where a picture has to be painted anew."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Region", "changed_region"]


@dataclass(frozen=True)
class Region:
    """Rows [top, bottom) and columns [left, right) of a grid; never empty."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def whole(cls, size_hw: tuple[int, int]) -> Region:
        """All of a grid."""
        return cls(0, 0, size_hw[0], size_hw[1])

    @property
    def area(self) -> int:
        """How many pixels it has."""
        return (self.bottom - self.top) * (self.right - self.left)

    def grown(self, by: int, size_hw: tuple[int, int]) -> Region:
        """The region with a margin, as far as the grid reaches."""
        return Region(
            max(0, self.top - by),
            max(0, self.left - by),
            min(size_hw[0], self.bottom + by),
            min(size_hw[1], self.right + by),
        )

    def doubled(self) -> Region:
        """The same region of a grid twice as fine."""
        return Region(2 * self.top, 2 * self.left, 2 * self.bottom, 2 * self.right)

    def halved(self) -> Region:
        """The smallest region of a grid half as fine that holds this one."""
        return Region(self.top // 2, self.left // 2, (self.bottom + 1) // 2, (self.right + 1) // 2)

    def evened(self, size_hw: tuple[int, int]) -> Region:
        """The region widened to even edges, as far as the grid reaches."""
        return self.halved().doubled().grown(0, size_hw)

    def strips(self, height: int) -> list[Region]:
        """The region cut into pieces of about the same height, at most the one given."""
        rows = self.bottom - self.top
        count = math.ceil(rows / height)
        edges = [self.top + rows * each // count for each in range(count + 1)]
        return [Region(a, self.left, b, self.right) for a, b in itertools.pairwise(edges)]

    def joined(self, other: Region | None) -> Region:
        """The smallest region that holds both."""
        if other is None:
            return self
        return Region(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )

    def within(self, outer: Region) -> Region:
        """The region as seen from the top left of another that holds it."""
        return Region(
            self.top - outer.top,
            self.left - outer.left,
            self.bottom - outer.top,
            self.right - outer.left,
        )

    def of(self, pixels: Tensor) -> Tensor:
        """The part of a (B, H, W, ...) tensor inside; a view."""
        return pixels[:, self.top : self.bottom, self.left : self.right]


def changed_region(before: Tensor, after: Tensor) -> Region | None:
    """Where (B, H, W, ...) tensors differ anywhere in the batch, as one rectangle; None when
    nowhere.
    """
    changed = (before != after).movedim((1, 2), (0, 1)).flatten(2).any(dim=2)
    rows, columns = (torch.nonzero(changed.any(dim=axis)).flatten() for axis in (1, 0))
    if len(rows) == 0:
        return None
    return Region(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
