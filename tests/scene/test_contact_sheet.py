from __future__ import annotations

import numpy as np
import pytest

from sinopia.errors import RequestError
from sinopia.scene.contact_sheet import contact_sheet


def plain(height: int, width: int, value: int) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_cells_have_the_size_of_the_largest_picture() -> None:
    sheet = contact_sheet([[plain(8, 12, 10), plain(6, 12, 20)], [plain(8, 10, 30)]])
    assert sheet.shape == (4 + 2 * (8 + 4), 4 + 2 * (12 + 4), 3)
    assert (sheet[4:12, 4:16] == 10).all()
    assert (sheet[5:11, 20:32] == 20).all()  # one line of ground above and below
    assert (sheet[16:24, 5:15] == 30).all()
    assert (sheet[16:24, 20:32] > 200).all()  # the missing picture


def test_pictures_are_fitted_without_changing_their_proportions() -> None:
    sheet = contact_sheet([[plain(4, 4, 10), plain(64, 32, 20)]], cell_hw=(16, 32))
    assert sheet.shape == (24, 76, 3)
    assert (sheet[4:20, 12:28] == 10).all()
    assert (sheet[4:20, 40 + 12 : 40 + 20] == 20).all()
    assert (sheet[4:20, 40:52] > 200).all()


def test_small_pictures_show_their_pixels() -> None:
    board = (np.indices((2, 2)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    sheet = contact_sheet([[board]], cell_hw=(8, 8))
    np.testing.assert_array_equal(sheet[4:12, 4:12], board.repeat(4, 0).repeat(4, 1))


def test_titles_stay_within_their_columns() -> None:
    pictures = [plain(10, 40, 0), plain(10, 40, 0)]
    bare = contact_sheet([pictures])
    sheet = contact_sheet([pictures], labels=["map", "a title far longer than its column"])
    top = sheet.shape[0] - bare.shape[0]
    assert top > 10
    np.testing.assert_array_equal(sheet[top + 4 : -4], bare[4:-4])
    title = sheet[:top]
    assert (title[:, :44] < 128).any()
    assert (title[:, 48:88] < 128).any()
    assert (title[:, 88:] > 200).all()


def test_what_is_no_sheet() -> None:
    with pytest.raises(RequestError, match="at least one picture"):
        contact_sheet([[], []])
    with pytest.raises(RequestError, match=r"\(4, 4\) uint8"):
        contact_sheet([[np.zeros((4, 4), np.uint8)]])
