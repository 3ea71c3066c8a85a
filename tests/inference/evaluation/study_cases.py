"""Tiny studies: two models of random weights, maps with a class of a hostile name, keys, votes."""

from __future__ import annotations

import dataclasses
import json
from html.parser import HTMLParser
from pathlib import Path

from sinopia.inference.evaluation.study_key import (
    Letter,
    StudyData,
    StudyKey,
    StudyModel,
    StudyTrial,
    seal_key,
    write_key,
)
from sinopia.metrics.protocols import PROTOCOLS
from sinopia.models.spade import SpadeConfig
from sinopia.scene import SemanticClass, Vocabulary
from tests.conftest import save_random_model
from tests.inference.evaluation.cases import write_scenes

__all__ = [
    "HOSTILE_NAME",
    "NAMES",
    "ParsedPage",
    "key_of",
    "votes_of",
    "write_hostile_study",
    "write_models",
    "write_votes",
]

NAMES = ("zebra_model", "okapi_model")
"""With a character that base64 does not have, so that no picture can spell them."""

HOSTILE_NAME = "</script><img src=x onerror=alert(1)>\"' &amp;"


def write_models(folder: Path, config: SpadeConfig, vocabulary: Vocabulary) -> tuple[Path, Path]:
    """Two model folders."""
    other = dataclasses.replace(config, hidden_channels=4)
    return (
        save_random_model(folder / NAMES[0], config, vocabulary),
        save_random_model(folder / NAMES[1], other, vocabulary),
    )


def write_hostile_study(
    folder: Path, config: SpadeConfig, vocabulary: Vocabulary
) -> tuple[Path, Path, Path]:
    """Two models and five maps of a vocabulary with a hostile class; the folders of all three."""
    sky = SemanticClass(HOSTILE_NAME, (1, 2, 3), 0)
    hostile = dataclasses.replace(vocabulary, classes=(sky, *vocabulary.classes[1:]))
    write_scenes(folder / "data" / "val", hostile, count=5)
    (folder / "data" / "vocabulary.json").write_text(json.dumps(hostile.to_json()))
    return (*write_models(folder, config, hostile), folder / "data")


def key_of(lefts: str = "ABBA", folder: Path | None = None) -> StudyKey:
    """The key of a study with these models on the left, written into a folder."""
    letters: dict[str, Letter] = {"A": "A", "B": "B"}
    models = [StudyModel(name, name[0] * 64, "fp32", "drawn from seed and map") for name in NAMES]
    key = seal_key(
        StudyKey(
            study="",
            protocol=PROTOCOLS["validation"],
            picture_format="JPEG",
            size_hw=(32, 32),
            seed=0,
            seeds=(0,),
            data=StudyData("park", "val", "tiny", 6, len(lefts), "0" * 64),
            models=(models[0], models[1]),
            trials=tuple(
                StudyTrial(trial, f"scene{trial}", 0, letters[left], "1" * 64, "2" * 64)
                for trial, left in enumerate(lefts, start=1)
            ),
            warnings=(),
            device="cpu",
            versions=("python 3",),
        )
    )
    if folder is not None:
        write_key(folder, key)
    return key


def votes_of(key: StudyKey, choices: str, *, voter: int = 1) -> dict[str, object]:
    """The JSON of votes: l, r or n in each trial, a dot for one that was left out."""
    words = {"l": "left", "r": "right", "n": "neither"}
    return {
        "format_version": 1,
        "study": key.study,
        "voter": f"{voter:016x}",
        "answers": [
            {"trial": trial, "choice": words[choice], "milliseconds": 1000 * trial}
            for trial, choice in enumerate(choices, start=1)
            if choice != "."
        ],
    }


def write_votes(path: Path, key: StudyKey, choices: str, *, voter: int = 1) -> Path:
    """A votes file as the page saves it."""
    path.write_text(json.dumps(votes_of(key, choices, voter=voter)))
    return path


class ParsedPage(HTMLParser):
    """Elements, texts and attributes of a page, as a browser would read them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        """By the tag in which they stand."""
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "link", "img", "path"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def find(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Attributes of the elements of a tag that have all these; class_ stands for class."""
        wanted = {name.rstrip("_").replace("_", "-"): each for name, each in attributes.items()}
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in wanted.items())
        ]
