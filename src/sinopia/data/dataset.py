"""What every source of scenes looks like, and the configuration that names one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import Vocabulary

__all__ = ["Dataset", "DatasetConfig", "DatasetKind", "Split"]

DatasetKind = Literal["folder", "camvid", "coco-stuff", "ade20k", "cityscapes", "procedural"]

Split = Literal["train", "val"]


class Dataset(Protocol):
    """Scenes by position; reading one never changes another, so that workers may share the work."""

    @property
    def name(self) -> str:
        """Names the data set in messages and reports."""
        ...

    @property
    def vocabulary(self) -> Vocabulary:
        """The classes of every label map of the data set."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Scene:
        """The scene at a position in [0, len).

        Raises:
            FileFormatError: when a file cannot be read.
            LabelError: when a label map holds ids that the vocabulary does not have.
            DatasetError: when picture and label map do not fit together.
        """
        ...


@dataclass(frozen=True)
class DatasetConfig:
    """Names a data set; `sinopia.data.opening.open_dataset` opens it."""

    kind: DatasetKind
    """How the files lie on the disk, or procedural for drawn scenes, which need none."""
    root: str | None = None
    """Folder of the data set; every kind but procedural needs it."""
    split: Split = "train"
    """Which part of the data set."""
    vocabulary: str | None = None
    """Built-in name or path of a vocabulary.json that replaces the data set's own vocabulary."""
    size_hw: tuple[int, int] = (256, 256)
    """Height and width of procedural scenes."""
    length: int = 10_000
    """How many procedural scenes there are; train and val draw different ones."""
    seed: int = 0
    """Seed of procedural scenes."""
