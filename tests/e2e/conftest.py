"""A studio that runs in this process, and Chromium to paint in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, sync_playwright

from sinopia.studio.models import ModelShelf, ShelvedModel
from sinopia.studio.schemas import Look
from sinopia.studio.studio import Studio
from tests.e2e.painter import Painter
from tests.studio.wire import Running, running

CHROMIUM = shutil.which("chromium")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(eq=False)
class Seen:
    """A shelf of models that remembers what it was asked to paint."""

    shelf: ModelShelf
    painted: list[tuple[NDArray[np.uint8], Look]] = field(default_factory=list)

    def __post_init__(self) -> None:
        paint = self.shelf.paint

        def paint_and_note(
            model: ShelvedModel, ids: NDArray[np.uint8], look: Look, *, is_exact: bool = False
        ) -> NDArray[np.uint8]:
            if not is_exact:
                self.painted.append((ids.copy(), look))
            return paint(model, ids, look, is_exact=is_exact)

        self.shelf.paint = paint_and_note  # type: ignore[method-assign]

    def has_painted(self, ids: NDArray[np.uint8]) -> bool:
        """Whether exactly this map was painted lately."""
        return any(np.array_equal(ids, each) for each, _ in self.painted[-12:])


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def seen() -> Seen:
    """The shipped model, watched."""
    return Seen(ModelShelf(["scenery"], precision="fp32"))


@pytest.fixture(scope="package")
def server(seen: Seen) -> Iterator[Running]:
    with running(Studio(seen.shelf)) as started:
        yield started


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[str], Painter]]:
    """Opens pages, each of a person of its own; no page may have written an error at the end."""
    painters: list[Painter] = []

    def open_(origin: str, **options: object) -> Painter:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = browser.new_context(**options)  # type: ignore[arg-type]
        painters.append(Painter.on(context.new_page(), origin))
        return painters[-1]

    yield open_
    problems = [problem for painter in painters for problem in painter.problems]
    for painter in painters:
        painter.page.context.close()
    assert problems == []


@pytest.fixture
def painter(server: Running, open_page: Callable[[str], Painter]) -> Painter:
    """A page with a map of two bands, 64x64."""
    painter = open_page(server.origin)
    painter.begin(two_bands())
    return painter


def two_bands() -> NDArray[np.uint8]:
    """Sky above, grass below."""
    ids = np.zeros((64, 64), np.uint8)
    ids[32:] = 2
    return ids
