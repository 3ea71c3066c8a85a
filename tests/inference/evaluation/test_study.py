from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from sinopia.errors import ConfigError, FileFormatError, SinopiaError
from sinopia.inference.evaluation.gallery import encode_jpeg
from sinopia.inference.evaluation.study import StudyFiles, StudyPlan, make_study
from sinopia.inference.evaluation.study_key import KEY_FILE, read_key, seal_key
from sinopia.inference.synthesizer import load_synthesizer
from sinopia.metrics.protocols import PROTOCOLS
from sinopia.models.spade import SpadeConfig
from sinopia.scene import LabelMap, Vocabulary
from sinopia.seeding import derive_seed
from sinopia.zoo.manifest import read_manifest
from tests.conftest import save_random_model
from tests.inference.evaluation.cases import write_scenes
from tests.inference.evaluation.study_cases import NAMES, ParsedPage, key_of, write_models

Case = tuple[Path, Path, Path]


@pytest.fixture(scope="module")
def case(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary
) -> Case:
    """Two model folders and a folder of maps without photos."""
    root = tmp_path_factory.mktemp("study")
    write_scenes(root / "park" / "val", tiny_vocabulary, count=6)
    for photo in (root / "park" / "val" / "images").iterdir():
        photo.unlink()
    (root / "park" / "val" / "images").rmdir()
    (root / "park" / "vocabulary.json").write_text(json.dumps(tiny_vocabulary.to_json()))
    return (*write_models(root, tiny_config, tiny_vocabulary), root / "park")


def plan_of(case: Case, **changes: object) -> StudyPlan:
    a, b, data = case
    plan = StudyPlan(models=(str(a), str(b)), data=data, protocol=PROTOCOLS["validation"])
    return dataclasses.replace(plan, **changes)  # type: ignore[arg-type]


def make(plan: StudyPlan, folder: Path) -> StudyFiles:
    return make_study(plan, folder, on_step=lambda what, done, total: None)


def jpegs_of(page: Path) -> list[bytes]:
    """In the page's order: left and right of the first trial, of the second ..."""
    images = ParsedPage(page.read_text()).find("img")
    start = "data:image/jpeg;base64,"
    return [
        base64.b64decode(each["src"].removeprefix(start))
        for each in images
        if each["src"].startswith(start)
    ]


def test_the_key_tells_which_picture_is_whose(case: Case, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    files = make_study(
        plan_of(case, num_seeds=2, seed=3),
        tmp_path / "out",
        on_step=lambda *step: steps.append(step),
    )
    key = read_key(tmp_path / "out")
    assert key == files.key
    assert steps == [("maps", done, 6) for done in range(1, 7)]
    assert sorted((each.map, each.seed) for each in key.trials) == [
        (f"scene{index}", seed) for index in range(6) for seed in (3, 4)
    ]
    assert [each.trial for each in key.trials] == list(range(1, 13))
    assert [each.map for each in key.trials] != sorted(each.map for each in key.trials)
    assert {each.left for each in key.trials} == {"A", "B"}
    assert [each.name for each in key.models] == list(NAMES)
    assert [each.weights_sha256 for each in key.models] == [
        read_manifest(folder).weights.sha256 for folder in case[:2]
    ]
    assert (key.seed, key.seeds, key.size_hw, key.warnings) == (3, (3, 4), (32, 32), ())
    assert (key.data.name, key.data.split, key.data.num_maps) == ("park", "val", 6)
    vocabulary = Vocabulary.read(case[2] / "vocabulary.json")
    maps = {
        f"scene{index}": LabelMap.read(case[2] / f"val/labels/scene{index}.png", vocabulary)
        for index in range(6)
    }
    content = b"".join(name.encode() + label_map.ids.tobytes() for name, label_map in maps.items())
    assert key.data.sha256 == hashlib.sha256(content).hexdigest()  # there are no photos
    assert {each.split()[0] for each in key.versions} >= {"sinopia", "torch", "numpy", "pillow"}

    # the same pictures by hand
    synthesizers = dict(zip("AB", map(load_synthesizer, case[:2]), strict=True))
    shown = jpegs_of(files.page)
    assert len(shown) == 24
    for trial in key.trials:
        sides = trial.left + {"A": "B", "B": "A"}[trial.left]
        hashes = (trial.left_sha256, trial.right_sha256)
        for side, (letter, sha256) in enumerate(zip(sides, hashes, strict=True)):
            synthesizers[letter].set_label_map(maps[trial.map])
            seed = derive_seed(trial.seed, f"evaluation/{trial.map}")
            jpeg = encode_jpeg(synthesizers[letter].synthesize(seed))
            assert jpeg == shown[2 * (trial.trial - 1) + side]
            assert hashlib.sha256(jpeg).hexdigest() == sha256


def test_equal_plans_give_equal_files_and_others_do_not(case: Case, tmp_path: Path) -> None:
    first, again = (make(plan_of(case, num_maps=4), tmp_path / name) for name in "ab")
    assert first.page.read_bytes() == again.page.read_bytes()
    assert first.key_file.read_bytes() == again.key_file.read_bytes()
    exchanged = make(plan_of((case[1], case[0], case[2]), num_maps=4), tmp_path / "c").key
    assert exchanged.study != first.key.study
    other = make(plan_of(case, num_maps=4, seed=1), tmp_path / "d").key
    assert other.study != first.key.study
    assert [each.map for each in other.trials] != [each.map for each in first.key.trials]


def test_maps_are_evenly_spread(case: Case, tmp_path: Path) -> None:
    key = make(plan_of(case, num_maps=2), tmp_path / "two").key
    assert {each.map for each in key.trials} == {"scene0", "scene5"}
    assert (key.data.num_scenes, key.data.num_maps) == (6, 2)


def test_sides_are_drawn_fairly(case: Case, tmp_path: Path) -> None:
    key = make(plan_of(case, num_maps=2, num_seeds=30), tmp_path).key
    count = sum(each.left == "A" for each in key.trials)
    assert 15 <= count <= 45  # of 60: chance leaves this range once in 10,000 times
    pairs = {(each.map, each.seed) for each in key.trials}
    assert len(pairs) == len(key.trials) == 60


def test_a_study_is_never_replaced(case: Case, tmp_path: Path) -> None:
    files = make(plan_of(case, num_maps=2), tmp_path)
    before = files.key_file.read_bytes(), files.page.read_bytes()
    with pytest.raises(ConfigError, match="has a study: its votes could not be counted"):
        make(plan_of(case, num_maps=2, seed=1), tmp_path)
    assert (files.key_file.read_bytes(), files.page.read_bytes()) == before


def test_models_of_other_sizes_are_warned_of(
    case: Case, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    config = dataclasses.replace(tiny_config, size_hw=(64, 64))
    large = save_random_model(tmp_path / "large", config, tiny_vocabulary)
    key = make(plan_of((case[0], large, case[2]), num_maps=2), tmp_path / "out").key
    assert key.size_hw == (32, 32)
    assert key.warnings == (
        "large: trained for another size than 32x32, at which all pictures here were painted.",
    )


def test_what_nobody_should_be_asked(
    case: Case, tiny_config: SpadeConfig, tiny_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="at least 1 map and 1 seed, got 0 and 1"):
        plan_of(case, num_maps=0)
    with pytest.raises(ConfigError, match="use --protocol validation"):
        plan_of(case, protocol=PROTOCOLS["train_reference"])
    photo = PROTOCOLS["validation_photo_style"]
    with pytest.raises(ConfigError, match="takes each style from a photo"):
        plan_of(case, protocol=photo, num_seeds=2)

    def refused(*models: Path, **changes: object) -> str:
        with pytest.raises(SinopiaError) as raised:
            make(plan_of((models[0], models[1], case[2]), **changes), tmp_path / "out")
        assert not (tmp_path / "out" / KEY_FILE).exists()
        assert not (tmp_path / "out" / "study.html").exists()
        return str(raised.value)

    assert "has no photo to compare with" in refused(*case[:2], protocol=photo)
    twin = save_random_model(tmp_path / "twin", tiny_config, tiny_vocabulary)
    assert "have the same weights" in refused(case[0], twin)
    assert "compared with itself" in refused(case[0], case[0])
    plain = [
        save_random_model(
            tmp_path / f"plain{hidden}",
            dataclasses.replace(tiny_config, style_dim=None, encoder=None, hidden_channels=hidden),
            tiny_vocabulary,
        )
        for hidden in (4, 8)
    ]
    assert "has styles, so 2 seeds" in refused(*plain, num_seeds=2)


def test_a_key_that_is_missing_or_changed(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=f"expected {KEY_FILE} there"):
        read_key(tmp_path)
    key = key_of("AB", tmp_path)
    assert read_key(tmp_path) == key
    path = tmp_path / KEY_FILE
    whole = path.read_text()
    path.write_text(whole.replace('"left": "B"', '"left": "A"'))
    with pytest.raises(FileFormatError, match="was changed since it was written"):
        read_key(tmp_path)
    path.write_text(whole.replace('"left": "B"', '"left": "C"'))
    with pytest.raises(FileFormatError, match="expected one of A, B, got 'C'"):
        read_key(tmp_path)
    path.write_text(whole.replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(FileFormatError, match="Upgrade it: pip install"):
        read_key(tmp_path)
    path.write_text("{")
    with pytest.raises(FileFormatError, match=r"is not JSON.*Take the file"):
        read_key(tmp_path)


def test_the_id_depends_on_everything() -> None:
    key = key_of("AB")
    assert seal_key(key) == key
    exchanged = seal_key(dataclasses.replace(key, models=key.models[::-1]))
    assert len({each.study for each in (key, key_of("BA"), key_of("ABA"), exchanged)}) == 4
