"""A person answers a blind study from a file on the disk, and the answers are counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, expect

from sinopia.inference.evaluation.study import StudyPlan, make_study
from sinopia.inference.evaluation.study_key import read_key
from sinopia.metrics.protocols import PROTOCOLS
from sinopia.models.spade import SpadeConfig
from sinopia.scene import Vocabulary
from tests.cli.command_line import CommandLine
from tests.inference.evaluation.study_cases import HOSTILE_NAME, write_hostile_study

GLANCE_MS = 260
"""The page takes what comes sooner for the second half of a double click."""


@pytest.fixture
def command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


@pytest.fixture(scope="module")
def study(
    browser: Browser,
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with a study of five maps."""
    assert browser.is_connected()  # without one the test is skipped before anything is painted
    root = tmp_path_factory.mktemp("study")
    a, b, data = write_hostile_study(root, tiny_config, tiny_vocabulary)
    plan = StudyPlan(models=(str(a), str(b)), data=data, protocol=PROTOCOLS["validation"])
    make_study(plan, root / "out", on_step=lambda what, done, total: None)
    return root / "out"


@pytest.fixture
def page(browser: Browser, study: Path) -> Iterator[Page]:
    """The page, opened from the disk; it may ask for nothing and write no error."""
    context = browser.new_context(viewport={"width": 360, "height": 640})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("file:", "data:", "blob:")) or problems.append(request.url)
        ),
    )
    page.goto((study / "study.html").as_uri())
    yield page
    context.close()
    assert problems == []


def press(page: Page, key: str) -> None:
    page.wait_for_timeout(GLANCE_MS)
    page.keyboard.press(key)


def click(page: Page, choice: str) -> None:
    page.wait_for_timeout(GLANCE_MS)
    page.locator(f"section.trial:visible button[data-choice={choice}]").click()


def saved(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers").click()
    return keep(download.value, folder)


def keep(download: Download, folder: Path) -> Path:
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def test_a_person_answers(
    page: Page, study: Path, command_line: CommandLine, tmp_path: Path
) -> None:
    count = page.locator("#count")
    assert page.evaluate("document.documentElement.scrollWidth") == 360  # nothing sticks out
    press(page, "ArrowLeft")  # not before it has begun
    page.get_by_role("button", name="Begin").click()
    expect(count).to_have_text("1 of 5")
    expect(page.locator("section.trial:visible")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("[...document.images].every((each) => each.naturalWidth === 32)")
    back = page.get_by_role("button", name="Back")
    expect(back).to_be_disabled()

    press(page, "ArrowLeft")
    expect(count).to_have_text("2 of 5")
    page.keyboard.press("ArrowLeft")  # at once: the second half of a double press
    click(page, "right")
    expect(count).to_have_text("3 of 5")
    page.reload()
    expect(count).to_have_text("3 of 5")
    press(page, "3")
    expect(count).to_have_text("4 of 5")
    page.keyboard.press("Backspace")
    expect(count).to_have_text("3 of 5")
    back.click()
    expect(count).to_have_text("2 of 5")
    page.reload()
    expect(count).to_have_text("2 of 5")
    press(page, "2")
    click(page, "neither")
    press(page, "Control+ArrowRight")  # the browser's own
    expect(count).to_have_text("4 of 5")

    page.get_by_role("button", name="Stop here").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_focused()
    partial = json.loads(saved(page, tmp_path).read_text())
    assert [each["choice"] for each in partial["answers"]] == ["left", "right", "neither"]
    page.get_by_role("button", name="Go on answering").click()
    press(page, "ArrowDown")
    page.wait_for_timeout(GLANCE_MS)
    page.keyboard.press("Tab")  # from the question to the left picture
    page.keyboard.press("Enter")
    expect(page.locator("#summary")).to_have_text("You answered 5 of 5.")
    again = page.get_by_role("button", name="Next person")
    expect(again).to_be_disabled()
    path = saved(page, tmp_path)
    key = read_key(study)
    votes = json.loads(path.read_text())
    assert path.name == f"votes-{key.study}-{votes['voter']}.json"
    choices = ["left", "right", "neither", "neither", "left"]
    assert [each["choice"] for each in votes["answers"]] == choices
    assert all(200 <= each["milliseconds"] < 60_000 for each in votes["answers"])
    assert votes["voter"] == partial["voter"]

    again.click()
    expect(page.get_by_role("button", name="Begin")).to_be_focused()
    page.keyboard.press("Enter")
    press(page, "1")
    page.get_by_role("button", name="Stop here").click()
    other = saved(page, tmp_path)
    assert json.loads(other.read_text())["voter"] != votes["voter"]

    scored = command_line.run(
        "evaluate", "--study-scores", study, "--votes", path, "--votes", other
    )
    assert scored.code == 0, scored.err
    assert "2 people, 6 of 10 answers" in scored.out
    results = json.loads((study / "study_results.json").read_text())
    lefts = [each.left for each in key.trials]
    chosen = [lefts[0], "AB"[lefts[1] == "A"], lefts[4], lefts[0]]
    assert results["tally"] == {"a": chosen.count("A"), "b": chosen.count("B"), "neither": 2}


def test_names_of_classes_are_shown_as_they_are(page: Page) -> None:
    legends = page.evaluate(
        "[...document.querySelectorAll('.legend li')].map((each) => each.textContent)"
    )
    assert HOSTILE_NAME in legends
    assert page.evaluate("document.scripts.length") == 1
    assert page.evaluate("document.images.length") == 15


def test_answers_that_were_not_kept_by_this_page_are_left_alone(page: Page, study: Path) -> None:
    place = f"sinopia-study-{read_key(study).study}"
    for kept in ("{", "null", '{"voter": "x", "answers": []}', '{"voter": 1}'):
        page.evaluate("([place, kept]) => localStorage.setItem(place, kept)", [place, kept])
        page.reload()
        expect(page.get_by_role("button", name="Begin")).to_be_visible()
