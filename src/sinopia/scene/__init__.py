"""The language that every part of sinopia speaks: vocabularies, label maps, layouts, scenes.

`SceneBatch`, the tensor form, lives in `sinopia.scene.batch`; this package imports without torch.
"""

from sinopia.scene.image import read_image, resize_image, write_image
from sinopia.scene.instances import instance_edges
from sinopia.scene.label_map import LabelMap
from sinopia.scene.layout import Layout
from sinopia.scene.sample import Scene
from sinopia.scene.vocabulary import UNLABELED, SemanticClass, Vocabulary

__all__ = [
    "UNLABELED",
    "LabelMap",
    "Layout",
    "Scene",
    "SemanticClass",
    "Vocabulary",
    "instance_edges",
    "read_image",
    "resize_image",
    "write_image",
]
