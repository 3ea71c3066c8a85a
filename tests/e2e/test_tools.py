"""Every tool in the page: what is painted is what the server is asked to paint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sinopia.inference.request import read_request
from tests.e2e.conftest import Seen, two_bands
from tests.e2e.painter import Painter

SIZE = (64, 64)
BEFORE = two_bands()


def check(painter: Painter, seen: Seen, expected: NDArray[np.uint8]) -> None:
    """The page holds these ids, and the server painted exactly them."""
    np.testing.assert_array_equal(painter.ids(), expected)
    painter.settle()
    assert seen.has_painted(expected)


def inside(mask: NDArray[np.bool_], class_id: int = 3) -> NDArray[np.uint8]:
    return np.where(mask, np.uint8(class_id), BEFORE)


def centres() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.meshgrid(np.arange(64) + 0.5, np.arange(64) + 0.5)
    return x, y


def test_brush(painter: Painter, seen: Seen) -> None:
    painter.choose_class(3)
    painter.press("b")
    painter.set_brush(9)
    path = [(10.0, 10.0), (50.0, 12.0), (30.0, 55.0)]
    painter.drag(*path)
    check(painter, seen, inside(painter.swept(path, diameter=9, size_hw=SIZE)))


def test_eraser_paints_the_background(painter: Painter, seen: Seen) -> None:
    painter.press("e")
    painter.set_brush(11)
    path = [(5.0, 40.0), (60.0, 44.0)]
    painter.drag(*path)
    check(painter, seen, inside(painter.swept(path, diameter=11, size_hw=SIZE), class_id=0))


def test_line(painter: Painter, seen: Seen) -> None:
    painter.choose_class(3)
    painter.press("l")
    painter.set_brush(5)
    painter.drag((8.0, 8.0), (30.0, 50.0), (56.0, 20.0))  # only the ends count
    path = [(8.0, 8.0), (56.0, 20.0)]
    check(painter, seen, inside(painter.swept(path, diameter=5, size_hw=SIZE)))


def test_rectangle(painter: Painter, seen: Seen) -> None:
    painter.choose_class(3)
    painter.press("r")
    painter.drag((10.2, 20.3), (40.1, 50.2))
    x, y = centres()
    is_inside = (x > 10.2) & (x < 40.1) & (y > 20.3) & (y < 50.2)
    got = painter.ids()
    assert (got[is_inside] == 3).all()
    grown = (x > 9) & (x < 42) & (y > 19) & (y < 52)  # whole pixels: the edge may round
    assert (got[~grown] == BEFORE[~grown]).all()
    check(painter, seen, got)


def test_ellipse(painter: Painter, seen: Seen) -> None:
    painter.choose_class(3)
    painter.press("o")
    painter.drag((12.0, 8.0), (52.0, 48.0))
    x, y = centres()
    distance = np.hypot((x - 32) / 20, (y - 28) / 20)
    got = painter.ids()
    assert (got[distance < 0.95] == 3).all()
    assert (got[distance > 1.05] == BEFORE[distance > 1.05]).all()
    check(painter, seen, got)


def test_polygon(painter: Painter, seen: Seen) -> None:
    painter.choose_class(3)
    painter.press("p")
    for point in ((10.0, 10.0), (54.0, 10.0), (54.0, 54.0), (1.0, 1.0)):
        painter.click(point)
    painter.press("Backspace")  # the last corner was a mistake
    np.testing.assert_array_equal(painter.ids(), BEFORE)  # nothing before it is closed
    painter.press("Enter")
    x, y = centres()
    got = painter.ids()
    is_inside = (x > 11) & (x < 53) & (y > 11) & (y < x - 1)
    is_outside = (x < 9) | (x > 55) | (y < 9) | (y > x + 1)
    assert (got[is_inside] == 3).all()
    assert (got[is_outside] == BEFORE[is_outside]).all()
    check(painter, seen, got)


def test_fill_one_area_and_everywhere(painter: Painter, seen: Seen) -> None:
    divided = BEFORE.copy()
    divided[40] = 5  # two areas of grass
    painter.begin(divided)
    painter.choose_class(3)
    painter.press("g")
    painter.click((30.5, 60.5))
    lower = divided.copy()
    lower[41:] = 3
    check(painter, seen, lower)
    painter.press("ControlOrMeta+z", "Shift+g")
    painter.click((30.5, 60.5))
    check(painter, seen, np.where(divided == 2, np.uint8(3), divided))


def test_undo_and_redo(painter: Painter, seen: Seen) -> None:
    painter.choose_class(3)
    painter.press("b")
    painter.drag((10.0, 10.0), (50.0, 50.0))
    first = painter.ids()
    painter.drag((50.0, 10.0), (10.0, 50.0))
    second = painter.ids()
    assert not np.array_equal(first, second)
    painter.press("ControlOrMeta+z")
    check(painter, seen, first)
    painter.press("ControlOrMeta+z")
    check(painter, seen, BEFORE)
    painter.press("ControlOrMeta+Shift+z", "ControlOrMeta+y")
    check(painter, seen, second)


def test_a_stroke_that_leaves_the_map_and_comes_back(painter: Painter, seen: Seen) -> None:
    painter.choose_class(3)
    painter.press("b")
    painter.set_brush(7)
    path = [(50.0, 20.0), (75.0, 20.0), (75.0, 50.0), (50.0, 50.0)]
    painter.drag(*path)
    check(painter, seen, inside(painter.swept(path, diameter=7, size_hw=SIZE)))


def test_escape_takes_a_stroke_back(painter: Painter, seen: Seen) -> None:
    painter.choose_class(3)
    painter.press("b")
    with painter.pressed((10.0, 10.0)):
        painter.move((50.0, 50.0), steps=4)
        assert not np.array_equal(painter.ids(), BEFORE)
        painter.press("Escape")
    check(painter, seen, BEFORE)


def test_alt_click_picks_a_class(painter: Painter) -> None:
    painter.choose_class(5)
    painter.press("b")
    painter.page.keyboard.down("Alt")
    painter.click((30.5, 60.5))
    painter.page.keyboard.up("Alt")
    assert painter.state("settings")["classId"] == 2
    np.testing.assert_array_equal(painter.ids(), BEFORE)


def test_boxes_are_objects(painter: Painter, seen: Seen) -> None:
    painter.choose_class(6)
    painter.press("x")
    painter.drag((8.0, 8.0), (24.0, 20.0))
    expected = BEFORE.copy()
    expected[8:20, 8:24] = 6
    check(painter, seen, expected)

    painter.drag((16.0, 14.0), (36.0, 24.0))  # moved by its inside
    expected = BEFORE.copy()
    expected[18:30, 28:44] = 6
    check(painter, seen, expected)

    painter.drag((44.0, 30.0), (50.0, 40.0))  # its lower right corner
    expected = BEFORE.copy()
    expected[18:40, 28:50] = 6
    check(painter, seen, expected)

    painter.choose_class(4)  # while it is selected
    expected[18:40, 28:50] = 4
    check(painter, seen, expected)

    painter.press("Shift+x")  # out of sight, out of the picture
    check(painter, seen, BEFORE)
    painter.press("Shift+x")
    check(painter, seen, expected)

    painter.get("stage").focus()
    painter.press("Delete")
    check(painter, seen, BEFORE)
    painter.press("ControlOrMeta+z")
    check(painter, seen, expected)


@pytest.mark.parametrize("tool", ["brush", "fill", "polygon", "box", "picker"])
def test_tools_are_chosen_by_button_and_say_so(painter: Painter, tool: str) -> None:
    painter.get(f"tool-{tool}").click()
    assert painter.state("tool") == tool
    chosen = painter.page.locator("[data-testid^=tool-][aria-checked=true]")
    pressed = painter.page.locator("[data-testid^=tool-][aria-pressed=true]")
    marked = [*chosen.all(), *pressed.all()]
    assert [each.get_attribute("data-testid") for each in marked] == [f"tool-{tool}"]


def test_the_picture_that_is_downloaded_carries_what_was_painted(
    painter: Painter, tmp_path: Path
) -> None:
    painter.choose_class(3)
    painter.press("b")
    painter.drag((10.0, 10.0), (50.0, 50.0))
    request = read_request(painter.save("download", tmp_path))
    assert request is not None
    np.testing.assert_array_equal(request.label_map.restore(), painter.ids())
    assert request.seed == painter.state("look")["seed"]
