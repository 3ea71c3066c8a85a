from __future__ import annotations

import numpy as np
import pytest

from sinopia.errors import DatasetError
from sinopia.scene import LabelMap, Scene, Vocabulary

LABEL_MAP = LabelMap(np.zeros((4, 6), np.uint8), Vocabulary.built_in("camvid"))


def test_only_the_map_is_needed() -> None:
    scene = Scene("street/1", LABEL_MAP)
    assert (scene.image, scene.instance_ids, scene.layout, scene.caption) == (None,) * 4


def test_parts_of_one_size_make_a_scene() -> None:
    scene = Scene("a", LABEL_MAP, np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6), np.int32))
    assert scene.image is not None
    assert scene.instance_ids is not None


def test_parts_of_other_sizes_are_refused() -> None:
    with pytest.raises(
        DatasetError,
        match=r"^scene 'street/1': the picture is 4x6, the label map 6x4 \(width x height\)\. They "
        r"must be equal; `sinopia data doctor` finds all such files\.$",
    ):
        Scene("street/1", LABEL_MAP, image=np.zeros((6, 4, 3), np.uint8))
    with pytest.raises(DatasetError, match=r"the instance map is 6x5, the label map 6x4"):
        Scene("a", LABEL_MAP, instance_ids=np.zeros((5, 6), np.int32))
