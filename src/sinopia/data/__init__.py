"""Sources of scenes and the way from their files to batches.

`loading`, the way to tensors, is imported by its own name: this package imports without torch.
"""

from sinopia.data.dataset import Dataset, DatasetConfig, DatasetKind, Split
from sinopia.data.opening import open_dataset
from sinopia.data.transforms import PreprocessConfig, PreprocessMode, preprocess

__all__ = [
    "Dataset",
    "DatasetConfig",
    "DatasetKind",
    "PreprocessConfig",
    "PreprocessMode",
    "Split",
    "open_dataset",
    "preprocess",
]
