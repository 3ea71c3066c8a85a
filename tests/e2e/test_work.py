"""Nothing is lost: files, recovery, a server that goes away; and people do not disturb others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from sinopia.inference.request import read_request
from sinopia.scene import LabelMap
from sinopia.studio.schemas import SeedLook
from sinopia.studio.studio import Studio
from tests.e2e.conftest import Seen, two_bands
from tests.e2e.painter import Painter
from tests.studio.wire import Running, running

BEFORE = two_bands()


def scribble(painter: Painter, class_id: int = 3) -> np.ndarray:
    painter.choose_class(class_id)
    painter.press("b")
    painter.drag((10.0, 10.0), (50.0, 20.0), (20.0, 50.0))
    ids = painter.ids()
    assert not np.array_equal(ids, BEFORE)
    return ids


def save(painter: Painter, testid: str, folder: Path) -> Path:
    painter.get("save").click()
    return painter.save(testid, folder)


def test_a_map_is_saved_and_opened_again(painter: Painter, seen: Seen, tmp_path: Path) -> None:
    ids = scribble(painter)
    path = save(painter, "save-map", tmp_path)
    with Image.open(path) as image:
        assert image.mode == "P"
    vocabulary = seen.shelf.find("scenery").vocabulary
    np.testing.assert_array_equal(LabelMap.read(path, vocabulary).ids, ids)
    painter.begin(BEFORE)
    painter.give_file(painter.get("open"), path)
    painter.wait_for("sinopia.document.undoLabel === 'Open map'")
    np.testing.assert_array_equal(painter.ids(), ids)


def test_a_map_that_the_model_cannot_paint_is_fitted(
    painter: Painter, seen: Seen, tmp_path: Path
) -> None:
    ids = np.zeros((75, 140), np.uint8)
    ids[40:, 30:] = 3
    Image.fromarray(ids).save(tmp_path / "odd.png")
    painter.give_file(painter.get("open"), tmp_path / "odd.png")
    painter.get("fit-0").click()
    step = seen.shelf.find("scenery").entry.size_multiple
    height, width = (round(side / step) * step for side in ids.shape)
    painter.wait_for(f"sinopia.document.width === {width}")
    got = painter.ids()
    assert got.shape == (height, width)
    rows = ((np.arange(height) + 0.5) * 75 / height).astype(int)
    columns = ((np.arange(width) + 0.5) * 140 / width).astype(int)
    np.testing.assert_array_equal(got, ids[rows][:, columns])  # nearest: no class is invented
    painter.settle()


def test_what_is_no_map_is_refused_in_words(painter: Painter, tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64), 200, np.uint8)).save(tmp_path / "wrong.png")
    painter.give_file(painter.get("open"), tmp_path / "wrong.png")
    words = painter.get("toast-problem").inner_text()
    assert "200" in words
    np.testing.assert_array_equal(painter.ids(), BEFORE)
    # The browser itself reports the refusal.
    painter.problems[:] = [each for each in painter.problems if "status of 4" not in each]


def test_the_ade20k_map_is_in_its_colours(painter: Painter, tmp_path: Path) -> None:
    path = save(painter, "save-ade20k", tmp_path)
    with Image.open(path) as image:
        assert image.mode == "RGB"
        assert image.getpixel((5, 5)) == (6, 230, 230)  # sky
        assert image.getpixel((5, 60)) == (4, 250, 7)  # grass


def test_a_project_holds_everything(painter: Painter, tmp_path: Path) -> None:
    scribble(painter)
    painter.choose_class(6)
    painter.press("x")
    painter.drag((8.0, 8.0), (24.0, 20.0))
    painter.get("seed").fill("77")
    painter.press("Tab")
    ids, boxes = painter.ids(), painter.page.evaluate("sinopia.document.boxes")
    path = save(painter, "save-project", tmp_path)
    painter.begin(BEFORE)
    painter.get("seed").fill("1")
    painter.press("Tab")
    painter.give_file(painter.get("open"), path)
    painter.wait_for("sinopia.document.boxes.length === 1")
    np.testing.assert_array_equal(painter.ids(), ids)
    again = painter.page.evaluate("sinopia.document.boxes")
    assert [{**each, "id": 0} for each in again] == [{**each, "id": 0} for each in boxes]
    assert painter.state("look") == {"seed": 77}


def test_a_picture_that_is_opened_restores_the_work(painter: Painter, tmp_path: Path) -> None:
    ids = scribble(painter)
    path = painter.save("download", tmp_path)
    painter.begin(BEFORE)
    painter.get("seed").fill("9")
    painter.press("Tab")
    painter.give_file(painter.get("open"), path)
    painter.wait_for("sinopia.store.get().look.seed === 1")
    np.testing.assert_array_equal(painter.ids(), ids)
    painter.settle()
    again = painter.save("download", tmp_path / "again")
    assert again.read_bytes() == path.read_bytes()  # same request, same picture


def test_seeds_and_variations(painter: Painter, seen: Seen, tmp_path: Path) -> None:
    painter.get("seed").fill("41")
    painter.press("Tab")
    painter.settle()
    assert any(look == SeedLook(seed=41) for _, look in seen.painted[-12:])
    painter.get("dice").click()
    painter.wait_for("document.querySelectorAll('[data-testid^=variation-].waiting').length === 0")
    seeds = painter.state("seeds")
    assert len(set(seeds)) == 6
    painter.get("variation-4").click()
    assert painter.state("look") == {"seed": seeds[4]}
    request = read_request(painter.save("download", tmp_path))
    assert request is not None and request.seed == seeds[4]


def test_another_model_takes_the_work_over(painter: Painter, seen: Seen) -> None:
    """Classes are matched by name; what the other model lacks is told before."""
    scribble(painter, class_id=1)  # trees, over sky and grass
    theirs = {name: index for index, name in enumerate(seen.shelf.find("street").vocabulary.names)}
    table = np.array([theirs["sky"], theirs["tree"], theirs["sky"]], np.uint8)  # no grass there
    expected = table[painter.ids()]
    painter.get("model").select_option("street")
    assert "grass" in painter.get("switch-model").inner_text()
    with painter.page.expect_navigation():  # the page begins anew with the other classes
        painter.get("switch-go").click()
    painter.wait_for("window.sinopia?.store.get().model.name === 'street'")
    painter.settle()
    np.testing.assert_array_equal(painter.ids(), expected)
    assert seen.has_painted(expected)
    painter.get("examples").click()
    painter.get("example-avenue").click()
    painter.wait_for("sinopia.document.width === 256 && sinopia.document.height === 192")


def test_a_photo_gives_its_style(painter: Painter, seen: Seen, tmp_path: Path) -> None:
    photo = np.zeros((40, 60, 3), np.uint8)
    photo[..., 0] = 200
    Image.fromarray(photo).save(tmp_path / "dusk.png")
    painter.give_file(painter.get("style-photo"), tmp_path / "dusk.png")
    painter.wait_for("'style_code' in sinopia.store.get().look")
    painter.settle()
    look = painter.state("look")
    assert len(look["photo_sha256"]) == 64
    request = read_request(painter.save("download", tmp_path))
    assert request is not None
    assert request.style_code == look["style_code"]
    assert request.style_photo_sha256 == look["photo_sha256"]


def test_a_reload_brings_the_work_back(painter: Painter) -> None:
    ids = scribble(painter)
    painter.page.wait_for_timeout(1500)  # kept within a second
    painter.page.reload()
    painter.wait_for("window.sinopia !== undefined && sinopia.live.lastShown > 0")
    np.testing.assert_array_equal(painter.ids(), ids)


def test_a_server_that_restarts_while_the_pen_is_down(
    seen: Seen, open_page: Callable[[str], Painter]
) -> None:
    with running(Studio(seen.shelf)) as first:
        painter = open_page(first.origin)
        painter.begin(BEFORE)
        painter.choose_class(3)
        painter.press("b")
        painter.move((10.0, 10.0))
        painter.page.mouse.down()
        painter.move((30.0, 10.0), steps=4)
    painter.wait_for("sinopia.live.state === 'lost'")
    painter.move((30.0, 50.0), steps=4)  # painting goes on
    assert painter.get("stage-note").is_visible()
    with running(Studio(seen.shelf), port=first.port):
        painter.wait_for("sinopia.live.state === 'live'")
        painter.move((50.0, 50.0), steps=4)
        painter.page.mouse.up()
        painter.settle()
        ids = painter.ids()
        path = [(10.0, 10.0), (30.0, 10.0), (30.0, 50.0), (50.0, 50.0)]
        swept = painter.swept(path, diameter=16, size_hw=(64, 64))
        np.testing.assert_array_equal(ids, np.where(swept, np.uint8(3), BEFORE))
        assert seen.has_painted(ids)
        assert not painter.get("stage-note").is_visible()
        # The browser itself reports the refused connections.
        painter.problems[:] = [each for each in painter.problems if "WebSocket" not in each]
        painter.page.context.close()


def test_two_people_at_once(
    server: Running, seen: Seen, open_page: Callable[[str], Painter]
) -> None:
    both = [open_page(server.origin) for _ in range(2)]
    for painter in both:
        painter.begin(BEFORE)
    for class_id, painter in zip((1, 5), both, strict=True):
        painter.choose_class(class_id)
        painter.press("b")
    with both[0].pressed((10.0, 10.0)), both[1].pressed((50.0, 10.0)):
        for step in range(5):
            both[0].move((10.0 + 8 * step, 20.0))
            both[1].move((50.0 - 8 * step, 40.0))
    for class_id, painter in zip((1, 5), both, strict=True):
        painter.settle()
        ids = painter.ids()
        assert (ids == class_id).any() and not (ids == 6 - class_id).any()
        assert seen.has_painted(ids)
