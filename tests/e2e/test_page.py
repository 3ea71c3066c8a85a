"""The page itself: looks, layers, keyboard, names, and what it must never do."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sinopia.models.spade import SpadeConfig
from sinopia.scene import SemanticClass, Vocabulary
from sinopia.studio.models import ModelShelf
from sinopia.studio.security import Policy
from sinopia.studio.studio import Studio
from sinopia.zoo.manifest import add_style
from tests.conftest import save_random_model
from tests.e2e.conftest import Seen, two_bands
from tests.e2e.painter import Painter
from tests.studio.wire import Running, running

BEFORE = two_bands()


def code_of(look: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(look["style_code"]), "<f4")


def test_two_saved_styles_are_mixed(painter: Painter, seen: Seen) -> None:
    for seed in ("3", "8"):
        painter.get("seed").fill(seed)
        painter.press("Tab")
        painter.settle()
        painter.get("style-save").click()
    painter.wait_for("sinopia.store.get().styles.length === 2")
    for end, label in (("mix-from", "Seed 3"), ("mix-to", "Seed 8")):
        painter.get(end).select_option(label=label)
    codes = [seen.shelf.draw_style(seen.shelf.find("scenery"), seed) for seed in (3, 8)]
    a, b = (code_of({"style_code": code}) for code in codes)
    for share, expected in (("0", a), ("100", b)):
        painter.get("mix").fill(share)
        painter.wait_for("'style_code' in sinopia.store.get().look")
        painter.settle()
        np.testing.assert_allclose(code_of(painter.state("look")), expected, rtol=1e-6)
    painter.get("mix").fill("50")
    painter.settle()
    middle = code_of(painter.state("look"))
    # Half-way on the arc: as far from one as from the other, and no shorter than they are.
    assert np.dot(middle, a) / np.linalg.norm(a) == pytest.approx(
        np.dot(middle, b) / np.linalg.norm(b), rel=0.15
    )
    assert np.linalg.norm(middle) > 0.9 * min(np.linalg.norm(a), np.linalg.norm(b))


def test_the_styles_of_the_model_are_worn_and_mixed(
    tmp_path: Path,
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    open_page: Callable[..., Painter],
) -> None:
    folder = save_random_model(tmp_path / "coast", tiny_config, tiny_vocabulary)
    noon, dusk = np.eye(8, dtype=np.float32)[:2]
    add_style(folder, "noon", noon)
    add_style(folder, "dusk", dusk)
    with running(Studio(ModelShelf([folder], precision="fp32"))) as server:
        painter = open_page(server.origin)
        choices = painter.get("model-style")
        assert choices.all_inner_texts() == ["noon", "dusk"]
        choices.nth(1).click()
        painter.settle()
        np.testing.assert_array_equal(code_of(painter.state("look")), dusk)
        pressed = [choices.nth(each).get_attribute("aria-pressed") for each in range(2)]
        assert pressed == ["false", "true"]
        painter.get("mix").fill("50")
        painter.wait_for(
            "document.querySelector('[aria-pressed=true][data-testid=model-style]') === null"
        )
        painter.settle()
        middle = code_of(painter.state("look"))
        np.testing.assert_allclose(middle, (noon + dusk) * np.sqrt(0.5), atol=1e-6)
        painter.page.context.close()


def test_an_underlay_never_touches_the_map(painter: Painter, tmp_path: Path) -> None:
    Image.new("RGB", (50, 30), (200, 10, 10)).save(tmp_path / "trace.jpg")
    painter.get("layers").click()
    painter.give_file(painter.get("underlay-choose"), tmp_path / "trace.jpg")
    painter.wait_for("sinopia.store.get().underlay !== null")
    painter.get("underlay-opacity").fill("80")
    assert painter.page.evaluate("sinopia.store.get().underlay.opacity") == pytest.approx(0.8)
    painter.close_dialogs()
    painter.press("Escape")
    np.testing.assert_array_equal(painter.ids(), BEFORE)
    painter.press("u")
    assert painter.page.evaluate("sinopia.store.get().underlay.visible") is False


def test_before_and_after(painter: Painter) -> None:
    painter.press("c")
    assert painter.state("compare") == "map"
    handle = painter.get("compare-handle")
    assert handle.is_visible()
    before = handle.get_attribute("aria-valuenow")
    handle.focus()
    painter.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") != before
    painter.get("keep").click()
    painter.press("c", "c")
    assert painter.state("compare") == "kept"


def test_painting_by_keyboard_alone(painter: Painter, seen: Seen) -> None:
    painter.press("4", "b")  # the fourth class, the brush
    assert painter.state("settings")["classId"] == 3
    painter.set_brush(3, "square")
    painter.get("stage").focus()
    painter.press("ArrowLeft", "Enter", *["ArrowRight"] * 4, "Enter")
    got = painter.ids()
    expected = BEFORE.copy()
    expected[31:34, 30:37] = 3  # centres on line 32, columns 31 to 35
    np.testing.assert_array_equal(got, expected)
    painter.settle()
    assert seen.has_painted(got)


def test_the_sheet_of_keys(painter: Painter) -> None:
    painter.press("?")
    sheet = painter.get("shortcuts")
    assert sheet.is_visible()
    for words in ("Undo", "Class picker", "Show or hide boxes"):
        assert words in sheet.inner_text()
    painter.press("Escape")
    assert not sheet.is_visible()


def test_the_wheel_zooms_where_it_points(painter: Painter) -> None:
    place = painter.on_screen((16.0, 16.0))
    before = painter.state("viewport")["scale"]
    painter.move((16.0, 16.0))
    painter.page.mouse.wheel(0, -120)
    painter.wait_for(f"sinopia.store.get().viewport.scale > {before}")
    assert painter.on_screen((16.0, 16.0)) == pytest.approx(place, abs=1.5)
    painter.get("stage").focus()
    painter.page.keyboard.down("Space")
    painter.drag((16.0, 16.0), (26.0, 16.0))
    painter.page.keyboard.up("Space")
    moved = painter.on_screen((16.0, 16.0))
    assert moved[0] > place[0] + 10
    np.testing.assert_array_equal(painter.ids(), BEFORE)  # panning paints nothing


def test_two_fingers_zoom_and_paint_nothing(
    server: Running, open_page: Callable[..., Painter]
) -> None:
    painter = open_page(server.origin, has_touch=True, viewport={"width": 1024, "height": 768})
    painter.begin(BEFORE)
    session = painter.page.context.new_cdp_session(painter.page)
    (ax, ay), (bx, by) = painter.on_screen((24.0, 32.0)), painter.on_screen((40.0, 32.0))

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    before = painter.state("viewport")["scale"]
    touch("touchStart", (ax, ay))
    touch("touchStart", (ax, ay), (bx, by))
    for step in (20, 40, 60):
        touch("touchMove", (ax - step, ay), (bx + step, by))
    touch("touchEnd")
    assert painter.state("viewport")["scale"] > 1.2 * before
    np.testing.assert_array_equal(painter.ids(), BEFORE)
    assert not painter.page.evaluate("sinopia.document.isEditing")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_both_themes(
    server: Running, open_page: Callable[..., Painter], theme: str
) -> None:
    """Contrast of all visible text at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    painter = open_page(server.origin, color_scheme=theme)
    faint = painter.page.evaluate(
        """() => {
          const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
          const rgba = (color) => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data;
          };
          const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const groundOf = (node) => {
            for (let each = node; each; each = each.parentElement) {
              const color = rgba(getComputedStyle(each).backgroundColor);
              if (color[3] === 255) return color;
            }
            return [255, 255, 255];
          };
          const found = [];
          for (const node of document.querySelectorAll("body *")) {
            const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
            const isOver = node.closest(".thumb, .canvas-well, :disabled, noscript");
            if (!own || isOver || !node.checkVisibility()) continue;
            const a = luminance(rgba(getComputedStyle(node).color));
            const b = luminance(groundOf(node));
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) found.push(`${node.textContent.trim()}: ${ratio.toFixed(2)}`);
          }
          return found;
        }"""
    )
    assert faint == []


def test_everything_that_can_be_pressed_has_a_name_and_room(painter: Painter) -> None:
    nameless, small = painter.page.evaluate(
        """() => {
          const all = [...document.querySelectorAll("button, input, select, [role=slider]")]
            .filter((each) => each.checkVisibility());
          const nameOf = (each) => each.getAttribute("aria-label") || each.textContent.trim() ||
            each.labels?.[0]?.textContent || each.title;
          const size = (each) => each.getBoundingClientRect();
          return [
            all.filter((each) => !nameOf(each)).map((each) => each.outerHTML),
            all.filter((each) => each.matches("button") && size(each).height < 24)
              .map((each) => nameOf(each)),
          ];
        }"""
    )
    assert nameless == []
    assert small == []  # WCAG 2.2, 2.5.8


def test_nothing_is_asked_of_anybody_else(
    server: Running, open_page: Callable[..., Painter]
) -> None:
    asked: list[str] = []
    painter = open_page(server.origin)
    painter.page.on("request", lambda request: asked.append(request.url))
    painter.page.reload()
    painter.wait_for("window.sinopia !== undefined && sinopia.live.lastShown > 0")
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith((server.origin, "blob:", "data:"))] == []


def test_names_are_text_whatever_they_say(
    tmp_path: Path, tiny_config: SpadeConfig, open_page: Callable[..., Painter]
) -> None:
    evil = "<img src=x onerror=\"document.title='stolen'\">"
    names = ("sky", evil, "grass", "water", "house")
    vocabulary = Vocabulary(
        "evil",
        tuple(
            SemanticClass(name, (40 * index, 20, 90), index, False)
            for index, name in enumerate(names)
        ),
    )
    folder = save_random_model(tmp_path / "evil", tiny_config, vocabulary)
    with running(Studio(ModelShelf([folder], precision="fp32"))) as server:
        painter = open_page(server.origin)
        assert evil in painter.get("class-1").inner_text()
        painter.choose_class(1)
        painter.press("?")
        assert painter.page.locator("img[src=x]").count() == 0
        assert painter.page.title() != "stolen"
        painter.page.context.close()


def test_a_token_opens_the_door_once(seen: Seen, open_page: Callable[..., Painter]) -> None:
    with running(Studio(seen.shelf), Policy(token="a-secret-of-sixteen")) as server:
        painter = open_page(f"{server.origin}/?token=a-secret-of-sixteen")
        painter.settle()
        assert "token" not in painter.page.url
        assert painter.page.evaluate("document.cookie") == ""  # no script can read it
        painter.page.context.close()
