"""A hand that paints in the studio's page, and eyes that see what is there."""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import FilePayload, Locator, Page

__all__ = ["Painter", "Point"]

Point = tuple[float, float]
"""x and y in map pixels; the centre of the first pixel is (0.5, 0.5)."""

_WAIT = 30
"""Seconds; a machine that runs other tests too can be slow."""


@dataclass(eq=False)
class Painter:
    """One open page."""

    page: Page
    problems: list[str] = field(default_factory=list)
    """What the page wrote to its console as errors."""

    @classmethod
    def on(cls, page: Page, origin: str) -> Painter:
        """Open the studio and wait for its first picture."""
        painter = cls(page)
        page.on("console", painter._note)
        page.on("pageerror", lambda error: painter.problems.append(str(error)))
        page.goto(origin)
        painter.wait_for("document.querySelector('dialog[open]') !== null")  # at a first visit
        painter.close_dialogs()
        return painter

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def wait_for(self, condition: str) -> None:
        """Wait for a JavaScript expression to be true.

        Asked from here again and again: the page forbids the scripts that Playwright waits with.
        """
        end = time.monotonic() + _WAIT
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"waited in vain for: {condition}"
            self.page.wait_for_timeout(20)

    def settle(self) -> None:
        """Wait until the newest state of the map is on the screen as a picture."""
        # What was just done is sent with the next frame at the latest.
        self.page.evaluate(
            "new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => go())))"
        )
        self.wait_for(
            "sinopia.live.state === 'live' && sinopia.live.lastSent > 0 && "
            "sinopia.live.lastShown === sinopia.live.lastSent"
        )

    def begin(self, ids: NDArray[np.uint8]) -> None:
        """Take a map; it becomes the document."""
        height, width = ids.shape
        self.page.evaluate(
            """async ([width, height, ids]) => {
              const { LabelMap } = await import("/static/core/label_map.js");
              sinopia.document.replace(new LabelMap(width, height, Uint8Array.from(ids)));
            }""",
            [width, height, ids.flatten().tolist()],
        )
        self.settle()

    def close_dialogs(self) -> None:
        """Close all dialogs that are open."""
        while self.page.locator("dialog[open]").count() > 0:
            self.page.keyboard.press("Escape")

    def ids(self) -> NDArray[np.uint8]:
        """The map as it is seen, boxes filled in."""
        width, height, values = self.page.evaluate(
            "[sinopia.document.width, sinopia.document.height, [...sinopia.document.composite]]"
        )
        return np.array(values, np.uint8).reshape(height, width)

    def state(self, name: str) -> Any:
        """A part of the view's state."""
        return self.page.evaluate("(name) => sinopia.store.get()[name]", name)

    def on_screen(self, point: Point) -> Point:
        """Where a point of the map lies in the window."""
        x, y = self.page.evaluate(
            """([x, y]) => {
              const { viewport } = sinopia.store.get();
              const stage = document.querySelector("canvas[data-testid=stage]");
              const { left, top } = stage.getBoundingClientRect();
              const { scale } = viewport;
              return [left + viewport.x + x * scale, top + viewport.y + y * scale];
            }""",
            list(point),
        )
        return x, y

    def move(self, point: Point, *, steps: int = 1) -> None:
        """Move the mouse to a point of the map."""
        self.page.mouse.move(*self.on_screen(point), steps=steps)

    def click(self, point: Point, **options: Any) -> None:
        """Click on a point of the map."""
        self.page.mouse.click(*self.on_screen(point), **options)

    def drag(self, *points: Point, steps: int = 4) -> None:
        """Press at the first point, move along the others, lift at the last."""
        with self.pressed(points[0]):
            for point in points[1:]:
                self.move(point, steps=steps)

    @contextlib.contextmanager
    def pressed(self, point: Point) -> Generator[None]:
        """Hold the button down."""
        self.move(point)
        self.page.mouse.down()
        yield
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def choose_class(self, class_id: int) -> None:
        """Choose a class in the palette."""
        self.get(f"class-{class_id}").click()

    def set_brush(self, size: int, shape: str = "round") -> None:
        """Set size and shape of the brush."""
        self.page.evaluate(
            """([brushSize, brushShape]) => {
              const { settings } = sinopia.store.get();
              sinopia.store.set({ settings: { ...settings, brushSize, brushShape } });
            }""",
            [size, shape],
        )

    def get(self, testid: str) -> Locator:
        """An element by its name for tests."""
        return self.page.get_by_test_id(testid)

    def give_file(self, press: Locator, file: Path | FilePayload) -> None:
        """Press a button that asks for a file, and choose one."""
        with self.page.expect_file_chooser() as chooser:
            press.click()
        chooser.value.set_files(file)

    def save(self, testid: str, folder: Path) -> Path:
        """Press something that hands out a file, and keep the file."""
        with self.page.expect_download() as download:
            self.get(testid).click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def swept(
        self, points: Sequence[Point], *, diameter: float, size_hw: tuple[int, int]
    ) -> NDArray[np.bool_]:
        """Pixels whose centre a round brush passed: the plain reference of a stroke."""
        height, width = size_hw
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        is_inside = np.zeros(size_hw, bool)
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            length = math.hypot(bx - ax, by - ay) or 1.0
            along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length**2
            along = np.clip(along, 0, 1)
            distance = np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))
            is_inside |= distance <= diameter / 2
        return is_inside
