"""Counts of classes and the weights that balance them."""

from __future__ import annotations

import numpy as np
import pytest

from sinopia.data.class_counts import class_weights, count_class_pixels
from sinopia.scene import LabelMap, Vocabulary
from sinopia.scene.sample import Scene


class Maps:
    """Label maps as a data set."""

    name = "maps"

    def __init__(self, vocabulary: Vocabulary, rows: list[list[int]]) -> None:
        self.vocabulary = vocabulary
        self._maps = [np.array([row], np.uint8) for row in rows]

    def __len__(self) -> int:
        return len(self._maps)

    def __getitem__(self, index: int) -> Scene:
        return Scene(key=str(index), label_map=LabelMap(self._maps[index], self.vocabulary))


def test_pixels_are_counted(tiny_vocabulary: Vocabulary) -> None:
    counts = count_class_pixels(Maps(tiny_vocabulary, [[0, 0, 0, 1], [0, 2, 255, 255]]))
    assert counts.shape == (256,) and counts.dtype == np.int64
    assert counts[:4].tolist() == [4, 1, 1, 0] and counts[255] == 2


def test_large_sets_are_counted_by_a_part_of_their_scenes(tiny_vocabulary: Vocabulary) -> None:
    counts = count_class_pixels(Maps(tiny_vocabulary, [[0, 0, 0, 1]] * 1024))
    assert counts[:2].tolist() == [3072, 1024]


def test_weights_by_hand(tiny_vocabulary: Vocabulary) -> None:
    """Shares 4/6, 1/6, 1/6: to the power of -1/2 over the mean pixel's; -1 is K' / share."""
    maps = Maps(tiny_vocabulary, [[0, 0, 0, 1], [0, 2, 255, 255]])
    roots = np.sqrt([6 / 4, 6, 6])
    expected = roots / (4 * roots[0] + roots[1] + roots[2]) * 6
    half = class_weights(maps, balance=0.5)
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, [*expected, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(class_weights(maps, balance=1)[:3], [0.5, 2, 2], rtol=1e-6)
    np.testing.assert_array_equal(class_weights(maps, balance=0), np.ones(5))


@pytest.mark.parametrize("balance", [0.0, 0.3, 1.0])
def test_a_mean_pixel_weighs_one(balance: float, tiny_vocabulary: Vocabulary) -> None:
    rows = np.random.default_rng(0).choice(5, p=[0.6, 0.2, 0.1, 0.06, 0.04], size=(20, 50))
    maps = Maps(tiny_vocabulary, rows.tolist())
    weights = class_weights(maps, balance=balance)
    assert weights[rows].mean() == pytest.approx(1, rel=1e-5)


def test_without_a_labelled_pixel_all_classes_weigh_alike(tiny_vocabulary: Vocabulary) -> None:
    weights = class_weights(Maps(tiny_vocabulary, [[255, 255]]), balance=0.5)
    assert weights.tolist() == [1, 1, 1, 1, 1]
