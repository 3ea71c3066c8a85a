from __future__ import annotations

import numpy as np
import pytest

from sinopia.scene import LabelMap, Vocabulary
from sinopia.studio.ade20k import ALIASES, ade20k_colors, counterpart, render_ade20k

NAMES = tuple(each.name for each in Vocabulary.built_in("ade20k").classes)


def test_the_colours_are_the_published_ones() -> None:
    """Samples of the SceneParse150 table, from its beginning, middle and end."""
    colors = ade20k_colors()
    assert len(colors) == 150
    published = {
        "wall": (120, 120, 120),
        "building": (180, 120, 120),
        "sky": (6, 230, 230),
        "floor": (80, 50, 50),
        "tree": (4, 200, 3),
        "road": (140, 140, 140),
        "grass": (4, 250, 7),
        "sidewalk": (235, 255, 7),
        "person": (150, 5, 61),
        "earth": (120, 120, 70),
        "mountain": (143, 255, 140),
        "car": (0, 102, 200),
        "water": (61, 230, 250),
        "sea": (9, 7, 230),
        "house": (255, 9, 224),
        "rock": (255, 41, 10),
        "sand": (160, 150, 20),
        "skyscraper": (140, 140, 140),
        "path": (255, 31, 0),
        "river": (11, 200, 200),
        "hill": (255, 102, 0),
        "lake": (10, 190, 212),
        "flag": (92, 0, 255),
    }
    assert {name: colors[name] for name in published} == published


def test_every_alias_leads_to_a_class_and_hides_none() -> None:
    assert set(ALIASES.values()) <= set(NAMES)
    assert not set(ALIASES) & set(NAMES)
    known = {
        name for each in Vocabulary.built_in_names() for name in Vocabulary.built_in(each).names
    }
    assert set(ALIASES) <= known, "an alias that no vocabulary has"


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("landscape", {"object"}),
        ("meadow", set()),
        ("camvid", set()),
        ("cityscapes-train", {"train"}),
        ("ade20k", set()),
    ],
)
def test_what_has_no_counterpart(name: str, missing: set[str]) -> None:
    names = Vocabulary.built_in(name).names
    assert {each for each in names if counterpart(each) is None} == missing


def test_a_map_is_rendered_and_what_is_missing_is_told() -> None:
    vocabulary = Vocabulary.built_in("landscape")
    ids = np.array([[0, 1, 5], [7, 255, 6]], np.uint8)
    rendered = render_ade20k(LabelMap(ids, vocabulary))
    expected = [
        [[6, 230, 230], [4, 200, 3], [120, 120, 70]],
        [[0, 0, 0], [0, 0, 0], [180, 120, 120]],
    ]
    assert rendered.image.tolist() == expected
    assert rendered.missing == ("object",)
    assert render_ade20k(LabelMap(ids[:1], vocabulary)).missing == ()
