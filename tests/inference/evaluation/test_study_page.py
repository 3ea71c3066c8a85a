from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sinopia.inference.evaluation.gallery import encode_jpeg
from sinopia.inference.evaluation.page_files import text_of
from sinopia.inference.evaluation.study import StudyPlan, make_study
from sinopia.inference.evaluation.study_page import PAGE_FILE, PageTrial, write_page
from sinopia.metrics.protocols import PROTOCOLS
from sinopia.models.spade import SpadeConfig
from sinopia.scene import LabelMap, SemanticClass, Vocabulary
from tests.inference.evaluation.study_cases import (
    HOSTILE_NAME,
    NAMES,
    ParsedPage,
    write_hostile_study,
)


@pytest.fixture(scope="module")
def page(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary
) -> str:
    """Of a study of five maps, with a class of a hostile name."""
    root = tmp_path_factory.mktemp("page")
    a, b, data = write_hostile_study(root, tiny_config, tiny_vocabulary)
    plan = StudyPlan(models=(str(a), str(b)), data=data, protocol=PROTOCOLS["validation"])
    make_study(plan, root / "out", on_step=lambda what, done, total: None)
    return (root / "out" / PAGE_FILE).read_text()


def test_it_does_not_know_the_models(page: str) -> None:
    parsed = ParsedPage(page)
    words = [*itertools.chain(*parsed.texts.values())]
    for _, attributes in parsed.elements:
        words += [*attributes, *attributes.values()]
    told = "\n".join(each for each in words if not each.startswith("data:")).lower()
    for secret in (*NAMES, "zebra", "okapi", "scene0", "weights", "sha256:", "seed"):
        assert secret not in told
    for name in NAMES:
        assert name not in page
    # nothing differs between the trials but numbers, names of classes and pictures
    shapes = set()
    for section in page.split('<section class="trial"')[1:]:
        section = section.partition("</section>")[0]
        section = re.sub(r"<li>.*</li>|base64,[^\"]+|alt=\"Map[^\"]*\"", "", section)
        shapes.add(re.sub(r"\d+", "", section))
    assert len(shapes) == 1


def test_pictures_carry_nothing_but_pixels(page: str) -> None:
    for encoded in re.findall(r'src="data:image/\w+;base64,([^"]+)"', page):
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
            assert image.size == (32, 32)
            assert not {"exif", "comment", "icc_profile"} & set(image.info)


def test_it_asks_for_nothing_and_runs_nothing_else(page: str) -> None:
    parsed = ParsedPage(page)
    (policy,) = parsed.find("meta", http_equiv="Content-Security-Policy")
    (script,), (style,) = parsed.texts["script"], parsed.texts["style"]
    hashes = [
        base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()
        for each in (style, script)
    ]
    assert policy["content"] == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{hashes[0]}'; script-src "
        f"'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )
    assert parsed.elements.index(("meta", policy)) < 5  # before anything that it rules
    for _, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "srcset", "action"):
            assert attributes.get(name, "data:").startswith("data:")
    for word in ("http:", "https:", "url(", "@import", "fetch", "XMLHttp", "Beacon", "innerHTML"):
        assert word not in script + style
    assert len(parsed.find("script")) == 1


def test_class_names_are_text(page: str) -> None:
    parsed = ParsedPage(page)
    assert len(parsed.find("img")) == 5 * 3
    assert "<img src=x" not in page and page.count("</script>") == 1
    legends = parsed.texts["li"]
    assert "".join(legends).count(HOSTILE_NAME) > 0
    assert any(HOSTILE_NAME in each["alt"] for each in parsed.find("img"))


def test_a_trial(tmp_path: Path, tiny_map: LabelMap) -> None:
    pictures = [encode_jpeg(np.full((32, 32, 3), value, np.uint8)) for value in (0, 255)]
    path = write_page(tmp_path, "c0ffee", [PageTrial(tiny_map, pictures[0], pictures[1])] * 2)
    parsed = ParsedPage(path.read_text())
    assert parsed.find("body", data_study="c0ffee")
    assert [each["alt"] for each in parsed.find("img")][:3] == [
        "Map 1: sky, water, tree, grass, house, unlabeled",
        "Picture 1, left",
        "Picture 1, right",
    ]
    with Image.open(
        io.BytesIO(base64.b64decode(parsed.find("img")[1]["src"].partition(",")[2]))
    ) as left:
        assert left.getpixel((5, 5)) == (0, 0, 0)
    colors = [each["fill"] for each in parsed.find("path")]
    assert colors[0] == "#00c85a" and colors[5] == "#000000" and len(colors) == 12
    for choice, keys in (
        ("left", "ArrowLeft 1"), ("right", "ArrowRight 2"), ("neither", "ArrowDown 3")
    ):  # fmt: skip
        buttons = parsed.find("button", type="button", data_choice=choice)
        assert [each["aria-keyshortcuts"] for each in buttons] == [keys, keys]
    assert parsed.find("p", id="count", aria_live="polite")
    assert "maps, 2 in all," in "".join(parsed.texts["p"])


def test_only_classes_of_the_map_are_explained(tmp_path: Path) -> None:
    classes = [SemanticClass(f"class {index}", (index, 0, 0), index) for index in range(255)]
    ids = np.zeros((16, 16), np.uint8)
    ids[:2] = 254
    label_map = LabelMap(ids, Vocabulary("many", tuple(classes)))
    jpeg = encode_jpeg(np.zeros((16, 16, 3), np.uint8))
    path = write_page(tmp_path, "0", [PageTrial(label_map, jpeg, jpeg)])
    assert ParsedPage(path.read_text()).texts["li"] == ["class 0", "class 254"]


def test_contrast() -> None:
    """WCAG's ratio of every text colour to what it stands on, in both themes."""
    light, dark = text_of(("theme.css",)).split("@media")
    for block in (light, dark):
        colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for ink, paper in (
            ("ink", "paper"), ("soft", "paper"), ("ink", "card"), ("soft", "card"),
            ("card", "accent"), ("warn-ink", "warn"),
        ):  # fmt: skip
            high, low = sorted(map(luminance, (colors[ink], colors[paper])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, paper)


def luminance(color: str) -> float:
    parts = np.array([int(color[index : index + 2], 16) for index in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_a_page_trial_knows_no_model() -> None:
    assert {each.name for each in dataclasses.fields(PageTrial)} == {
        "label_map", "left_jpeg", "right_jpeg",
    }  # fmt: skip
