"""A blind study: two models paint the same maps in the same styles, and people choose.

Which model is on the left is drawn for every trial, and so is the order of the trials. The draws
depend on the seed and on both models, so that whoever made one study cannot know another's sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sinopia.errors import ConfigError, RequestError
from sinopia.inference.benchmark.machine import describe_machine
from sinopia.inference.device import find_device
from sinopia.inference.evaluation.gallery import JPEG_QUALITY, encode_jpeg
from sinopia.inference.evaluation.painting import Painter, load_painters, size_warnings
from sinopia.inference.evaluation.scenes import EvaluationScenes, open_scenes, scene_content
from sinopia.inference.evaluation.study_key import (
    KEY_FILE,
    StudyData,
    StudyKey,
    StudyModel,
    StudyTrial,
    seal_key,
    write_key,
)
from sinopia.inference.evaluation.study_page import PageTrial, write_page
from sinopia.metrics.protocols import Protocol, library_versions
from sinopia.nn.precision import PrecisionChoice
from sinopia.scene.label_map import LabelMap
from sinopia.seeding import derive_seed

__all__ = ["NUM_MAPS", "StudyFiles", "StudyPlan", "make_study"]

NUM_MAPS = 40
"""Maps of a study, unless another number is asked for: what a person looks at within minutes."""


@dataclass(frozen=True)
class StudyPlan:
    """Which pictures people are asked about.

    Raises:
        ConfigError: for counts below 1, or a protocol that differs only where nobody looks.
    """

    models: tuple[str, str]
    """Names or folders; the first decides the size where the protocol does not."""
    data: Path
    protocol: Protocol
    num_maps: int = NUM_MAPS
    """At most so many, evenly spread."""
    num_seeds: int = 1
    """Trials of each map, every one in another style."""
    seed: int = 0
    device: str = "cpu"
    precision: PrecisionChoice = "fp32"

    def __post_init__(self) -> None:
        if self.num_maps < 1 or self.num_seeds < 1:
            raise ConfigError(
                f"expected at least 1 map and 1 seed, got {self.num_maps} and {self.num_seeds}."
            )
        if self.protocol.reference_split != "val":
            raise ConfigError(
                f"protocol {self.protocol.name!r} compares with training photos, but people see "
                f"none; use --protocol validation."
            )
        if self.protocol.style == "photo" and self.num_seeds > 1:
            raise ConfigError(
                f"protocol {self.protocol.name!r} takes each style from a photo, so "
                f"{self.num_seeds} seeds would show the same picture again; leave --seeds out."
            )

    @property
    def seeds(self) -> tuple[int, ...]:
        """All style seeds, in order."""
        return tuple(range(self.seed, self.seed + self.num_seeds))


@dataclass(frozen=True)
class StudyFiles:
    """What a study wrote."""

    page: Path
    key_file: Path
    key: StudyKey


@dataclass(frozen=True, eq=False)
class _Pair:
    """A map and a style, painted by both models."""

    map_key: str
    seed: int
    label_map: LabelMap
    jpegs: tuple[bytes, bytes]
    """Of A and of B."""


def make_study(
    plan: StudyPlan, folder: str | Path, *, on_step: Callable[[str, int, int], None]
) -> StudyFiles:
    """Paint a study and write study_key.json and study.html into a folder.

    `on_step` is told what is being done, how many maps are painted, and how many there are.

    Raises:
        ConfigError: when the folder has a study: without its key, its votes could not be counted.
        SinopiaError: when models and data do not fit together; nothing is written then.
        OSError: when the place cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be written is found out now
    if (folder / KEY_FILE).exists():
        raise ConfigError(
            f"{folder} has a study: its votes could not be counted without its {KEY_FILE}. Give "
            f"another --out, or delete that file."
        )
    first, second = load_painters(plan.models, device=plan.device, precision=plan.precision)
    _check_differ(first, second, plan)
    synthesizer = first.synthesizer
    scenes = open_scenes(
        plan.data,
        "val",
        vocabulary=synthesizer.vocabulary,
        limit=plan.num_maps,
        size_hw=plan.protocol.size_hw or synthesizer.native_size,
    )
    pairs, sha256 = _paint(first, second, scenes, plan, on_step)
    trials, page_trials = _draw_trials(pairs, plan.seed, f"study/{_hashes(first, second)}")
    models = [
        StudyModel(
            name=each.name,
            weights_sha256=each.weights_sha256,
            precision=each.synthesizer.precision,
            style=each.style_in_words(plan.protocol),
        )
        for each in (first, second)
    ]
    device = find_device(plan.device)
    versions = {"sinopia": describe_machine(device).revision, **library_versions()}
    key = seal_key(
        StudyKey(
            study="",
            protocol=plan.protocol,
            picture_format=f"JPEG, quality {JPEG_QUALITY}, full chroma",
            size_hw=scenes.size_hw,
            seed=plan.seed,
            seeds=plan.seeds,
            data=StudyData(
                name=scenes.dataset.name,
                split=scenes.split,
                vocabulary=scenes.vocabulary.name,
                num_scenes=len(scenes.dataset),
                num_maps=len(scenes),
                sha256=sha256,
            ),
            models=(models[0], models[1]),
            trials=tuple(trials),
            warnings=tuple(size_warnings((first, second), scenes.size_hw)),
            device=str(device),
            versions=tuple(f"{name} {version}" for name, version in versions.items()),
        )
    )
    key_file = write_key(folder, key)  # first: a page without a key would waste people's time
    return StudyFiles(write_page(folder, key.study, page_trials), key_file, key)


def _check_differ(first: Painter, second: Painter, plan: StudyPlan) -> None:
    if first.weights_sha256 == second.weights_sha256:
        raise RequestError(
            f"{first.name} and {second.name} have the same weights, so all pictures would be "
            f"equal; name two different models."
        )
    if plan.num_seeds > 1 and not any(each.draws_styles(plan.protocol) for each in (first, second)):
        raise ConfigError(
            f"neither {first.name} nor {second.name} has styles, so {plan.num_seeds} seeds would "
            f"show the same pictures again; leave --seeds out."
        )


def _hashes(first: Painter, second: Painter) -> str:
    return f"{first.weights_sha256}/{second.weights_sha256}"


def _paint(
    first: Painter,
    second: Painter,
    scenes: EvaluationScenes,
    plan: StudyPlan,
    on_step: Callable[[str, int, int], None],
) -> tuple[list[_Pair], str]:
    """All pairs, in the order of the data set, and the hash of the scenes."""
    pairs: list[_Pair] = []
    digest = hashlib.sha256()
    for count, scene in enumerate(scenes, start=1):
        digest.update(scene_content(scene))
        pictures = [each.paint(scene, plan.protocol, plan.seeds) for each in (first, second)]
        for seed, a, b in zip(plan.seeds, *pictures, strict=True):
            jpegs = (encode_jpeg(a), encode_jpeg(b))
            pairs.append(_Pair(scene.key, seed, scene.label_map, jpegs))
        on_step("maps", count, len(scenes))
    return pairs, digest.hexdigest()


def _draw_trials(
    pairs: list[_Pair], seed: int, stream: str
) -> tuple[list[StudyTrial], list[PageTrial]]:
    """The pairs in an order, and with sides, that nobody can guess: for the key and the page."""
    order = np.random.default_rng(derive_seed(seed, f"{stream}/order")).permutation(len(pairs))
    trials: list[StudyTrial] = []
    page_trials: list[PageTrial] = []
    for trial, position in enumerate(order, start=1):
        pair = pairs[position]
        a_is_left = derive_seed(seed, f"{stream}/side", trial) % 2 == 0
        left, right = pair.jpegs if a_is_left else pair.jpegs[::-1]
        trials.append(
            StudyTrial(
                trial=trial,
                map=pair.map_key,
                seed=pair.seed,
                left="A" if a_is_left else "B",
                left_sha256=hashlib.sha256(left).hexdigest(),
                right_sha256=hashlib.sha256(right).hexdigest(),
            )
        )
        page_trials.append(PageTrial(pair.label_map, left, right))
    return trials, page_trials
