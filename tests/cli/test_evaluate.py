from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from sinopia.inference.synthesizer import load_synthesizer
from sinopia.metrics.feature_extractor import SqueezeNetExtractor
from sinopia.metrics.frechet import frechet_distance
from sinopia.metrics.gaussian import fit_gaussian
from sinopia.metrics.kernel import kernel_distance
from sinopia.models.spade import SpadeConfig
from sinopia.scene import SemanticClass, Vocabulary, read_image
from sinopia.seeding import derive_seed
from sinopia.zoo.manifest import read_manifest
from tests.cli.command_line import CommandLine
from tests.conftest import save_random_model
from tests.inference.evaluation.cases import write_judge, write_scenes, write_squeezenet
from tests.metrics.test_inception import random_tensors
from tests.models.test_published_segmenters import write_stretched_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squeezenet(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory, tiny_vocabulary: Vocabulary) -> Path:
    return write_judge(tmp_path_factory.mktemp("judges") / "judge", tiny_vocabulary)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, tiny_vocabulary: Vocabulary) -> Path:
    root = tmp_path_factory.mktemp("data") / "park"
    write_scenes(root / "val", tiny_vocabulary)
    write_scenes(root / "train", tiny_vocabulary, count=4, seed=9)
    (root / "vocabulary.json").write_text(json.dumps(tiny_vocabulary.to_json()))
    return root


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights of the person who runs the tests."""
    monkeypatch.setenv("SINOPIA_HOME", str(tmp_path / "home"))


def values_of(results: dict[str, Any], model: int = 0) -> dict[str, float]:
    return {each["name"]: each["value"] for each in results["models"][model]["measurements"]}


def test_numbers_are_those_of_the_metrics(
    command_line: CommandLine,
    tiny_model_folder: Path,
    data: Path,
    weights: Path,
    judge: Path,
    tmp_path: Path,
) -> None:
    outcome = command_line.run(
        "evaluate", tiny_model_folder, "--data", data, "--weights", weights,
        "--segmenter", judge, "--seeds", 3, "--out", tmp_path / "report",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    results = json.loads((tmp_path / "report" / "results.json").read_text())

    assert results["format_version"] == 1
    assert results["protocol"]["name"] == "validation"
    assert results["size_hw"] == [32, 32]
    assert results["seeds"] == [0, 1, 2]
    facts = results["data"]
    assert (facts["num_maps"], facts["num_reference"], facts["split"]) == (6, 6, "val")
    assert sum(facts["class_pixels"]) == 6 * 32 * 32 and facts["class_pixels"][-1] == 6 * 15
    assert re.fullmatch("[0-9a-f]{64}", facts["sha256"])
    assert {each["name"] for each in results["versions"]} >= {"torch", "numpy", "pillow"}
    model = results["models"][0]
    assert model["name"] == "tiny"
    assert model["weights_sha256"] == read_manifest(tiny_model_folder).weights.sha256

    # the same by hand
    extractor = SqueezeNetExtractor.from_file(weights / "squeezenet1_0" / "model.safetensors")
    synthesizer = load_synthesizer(tiny_model_folder)
    pictures, photos = [], []
    for index in range(6):
        key = f"scene{index}"
        ids = np.asarray(Image.open(data / "val" / "labels" / f"{key}.png"))
        synthesizer.set_label_map(ids)
        pictures.append(synthesizer.synthesize(derive_seed(0, f"evaluation/{key}")))
        photos.append(read_image(data / "val" / "images" / f"{key}.png"))
    first, second = extractor(pictures), extractor(photos)
    values = values_of(results)
    assert values["squeezenet1_0_frechet"] == pytest.approx(
        frechet_distance(fit_gaussian([first]), fit_gaussian([second])), rel=1e-3
    )
    assert values["squeezenet1_0_kernel"] == pytest.approx(
        kernel_distance(first, second).mean, rel=1e-2, abs=1e-6
    )
    assert 0 < values["squeezenet1_0_diversity"] < 2
    assert not any(name.startswith(("fid", "kid")) for name in values)

    agreement = model["agreement"]
    assert agreement["ignored"]["num_pixels"] == 6 * (1024 - 15)
    assert agreement["counted"]["num_pixels"] == 6 * 1024
    assert len(agreement["ignored"]["class_iou"]) == 5
    assert results["photos"]["ignored"]["pixel_accuracy"] is not None
    per_map = [each["pixel_accuracy"] for each in model["maps"]]
    assert np.mean(per_map) == pytest.approx(agreement["ignored"]["pixel_accuracy"])

    # warnings stand in the results and on the screen
    frechet = next(e for e in model["measurements"] if e["name"] == "squeezenet1_0_frechet")
    assert frechet["num_pictures"] == frechet["num_reference"] == 6
    assert any("biased upward" in each for each in frechet["warnings"])
    assert "warning: squeezenet1_0_frechet: 6 pictures" in outcome.err
    assert "no FID or KID" in outcome.err
    assert "mIoU, unlabeled counted" in outcome.out


def test_equal_commands_give_equal_numbers(
    command_line: CommandLine, tiny_model_folder: Path, data: Path, weights: Path, tmp_path: Path
) -> None:
    found = []
    for name in ("a", "b"):
        arguments = ("--data", data, "--weights", weights, "--out", tmp_path / name)
        assert command_line.run("evaluate", tiny_model_folder, *arguments).code == 0
        found.append(json.loads((tmp_path / name / "results.json").read_text())["models"])
    assert found[0] == found[1]


def test_report_shows_everything_and_loads_nothing(
    command_line: CommandLine,
    tiny_model_folder: Path,
    data: Path,
    weights: Path,
    judge: Path,
    tmp_path: Path,
) -> None:
    run = tmp_path / "<run>"
    shutil.copytree(tiny_model_folder, run / "model")
    lines = [{"images_seen": n, "loss/G/adversarial": 1.0 / n, "seconds": n} for n in (8, 16, 24)]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"images_seen": 32, "loss'
    (run / "metrics.jsonl").write_text(text)
    outcome = command_line.run(
        "evaluate", run / "model", "--compare", tiny_model_folder, "--data", data,
        "--weights", weights, "--segmenter", judge, "--out", tmp_path / "report",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    page = (tmp_path / "report" / "report.html").read_text()
    for part in (
        "&lt;run&gt;/model", "tiny", "squeezenet1_0_frechet", "biased upward", "mIoU",
        "<h3>Best</h3>", "<h3>Median</h3>", "<h3>Worst</h3>", "scene0", "house", "unlabeled",
        "loss/G/adversarial", "polyline", "One map, several seeds",
    ):  # fmt: skip
        assert part in page, part
    assert "<run>" not in page
    assert "src=" in page and "href=" not in page
    assert not re.search(r'src=(?!"data:image/)', page)
    assert "<script" not in page and "url(" not in page
    jpegs = re.findall(r"data:image/jpeg;base64,([^\"]+)", page)
    with Image.open(io.BytesIO(base64.b64decode(jpegs[0]))) as picture:
        assert picture.size == (32, 32)

    # the two are the same weights, so the same maps and seeds give the same numbers
    results = json.loads((tmp_path / "report" / "results.json").read_text())
    assert [each["name"] for each in results["models"]] == ["<run>/model", "tiny"]
    assert values_of(results, 0) == values_of(results, 1)


def test_inception_gives_both_resizes_by_name(
    command_line: CommandLine, tiny_model_folder: Path, data: Path, tmp_path: Path
) -> None:
    torch.save(random_tensors(), tmp_path / "pt_inception.pth")
    outcome = command_line.run(
        "evaluate", tiny_model_folder, "--data", data, "--seeds", 1, "--limit", 3,
        "--inception", tmp_path / "pt_inception.pth", "--out", tmp_path / "report",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    results = json.loads((tmp_path / "report" / "results.json").read_text())
    assert set(values_of(results)) == {"fid_legacy", "kid_legacy", "fid_clean", "kid_clean"}
    measured = {each["name"]: each for each in results["models"][0]["measurements"]}
    assert "half_pixel_centers=False" in measured["fid_legacy"]["resize"]
    assert measured["fid_clean"]["num_pictures"] == 3
    assert any("no FID" in each for each in measured["fid_clean"]["warnings"])
    assert "3 of 6 maps were painted" in results["warnings"][0]
    assert "Without a segmenter" in (tmp_path / "report" / "report.html").read_text()


def test_protocols(
    command_line: CommandLine, tiny_model_folder: Path, data: Path, weights: Path, tmp_path: Path
) -> None:
    listed = command_line.run("evaluate", "--list")
    assert listed.code == 0 and "train_reference\n" in listed.out
    found = {}
    for name in ("validation", "train_reference", "validation_photo_style"):
        outcome = command_line.run(
            "evaluate", tiny_model_folder, "--data", data, "--weights", weights,
            "--protocol", name, "--out", tmp_path / name,
        )  # fmt: skip
        assert outcome.code == 0, outcome.err
        found[name] = json.loads((tmp_path / name / "results.json").read_text())
    frechet = {name: values_of(each)["squeezenet1_0_frechet"] for name, each in found.items()}
    assert len(set(frechet.values())) == 3
    reference = found["train_reference"]["data"]
    assert (reference["num_reference"], reference["reference_split"]) == (4, "train")
    measured = found["train_reference"]["models"][0]["measurements"][0]
    assert (measured["num_pictures"], measured["num_reference"]) == (6, 4)
    photo = found["validation_photo_style"]["models"][0]
    assert photo["style"] == "the encoder's mean of the map's own photo"
    assert photo["num_seeds"] == 1  # the style is fixed: there is nothing that could differ
    assert "squeezenet1_0_diversity" not in values_of(found["validation_photo_style"])


def test_a_model_without_style(
    command_line: CommandLine,
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    data: Path,
    weights: Path,
    tmp_path: Path,
) -> None:
    config = dataclasses.replace(tiny_config, style_dim=None, encoder=None)
    folder = save_random_model(tmp_path / "plain", config, tiny_vocabulary)
    outcome = command_line.run(
        "evaluate", folder, "--data", data, "--weights", weights, "--out", tmp_path / "report"
    )
    assert outcome.code == 0, outcome.err
    model = json.loads((tmp_path / "report" / "results.json").read_text())["models"][0]
    assert (model["style"], model["num_seeds"]) == ("none: one picture per map", 1)


def test_a_folder_of_one_part_read_with_the_models_unlabeled_numbers(
    command_line: CommandLine,
    tiny_config: SpadeConfig,
    tiny_vocabulary: Vocabulary,
    weights: Path,
    tmp_path: Path,
) -> None:
    """Label files hold 77 for unlabeled, which the model's vocabulary says and the folder's not."""
    root = tmp_path / "held-back"
    write_scenes(root, tiny_vocabulary, count=3)
    for path in (root / "labels").iterdir():
        ids = np.array(Image.open(path))
        Image.fromarray(np.where(ids == 255, 77, ids).astype(np.uint8)).save(path)
    (root / "vocabulary.json").write_text(json.dumps(tiny_vocabulary.to_json()))
    knowing = dataclasses.replace(tiny_vocabulary, unlabeled_source_ids=(77,))
    folder = save_random_model(tmp_path / "knowing", tiny_config, knowing)
    arguments = ("--data", root, "--weights", weights, "--seeds", 1)
    outcome = command_line.run("evaluate", folder, *arguments, "--out", tmp_path / "report")
    assert outcome.code == 0, outcome.err
    facts = json.loads((tmp_path / "report" / "results.json").read_text())["data"]
    assert (facts["split"], facts["num_maps"], facts["class_pixels"][-1]) == ("all", 3, 45)

    message = command_line.refuse(
        "evaluate", folder, *arguments, "--protocol", "train_reference", "--out", tmp_path / "b"
    )
    assert "one part only" in message


@pytest.fixture
def base(tiny_model_folder: Path, data: Path, weights: Path, tmp_path: Path) -> list[object]:
    return [
        "evaluate", tiny_model_folder, "--data", data, "--weights", weights,
        "--out", tmp_path / "report",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size_hw", "is_told"), [([32, 32], False), ([64, 32], True), ("large", False), (None, False)]
)
def test_a_judge_of_another_size_is_told(
    command_line: CommandLine,
    base: list[object],
    tiny_vocabulary: Vocabulary,
    tmp_path: Path,
    size_hw: object,
    is_told: bool,
) -> None:
    judge = write_judge(tmp_path / "judge", tiny_vocabulary, size_hw=size_hw)
    outcome = command_line.run(*base, "--segmenter", judge, "--limit", 2)
    assert outcome.code == 0, outcome.err
    assert ("learnt from photos of 64x32" in outcome.err) == is_told


def test_what_cannot_be_evaluated(
    command_line: CommandLine,
    base: list[object],
    tiny_model_folder: Path,
    tiny_vocabulary: Vocabulary,
    judge: Path,
    data: Path,
    tmp_path: Path,
) -> None:
    refuse = command_line.refuse
    assert "expected a model, --data DIR and --out DIR" in refuse("evaluate")
    assert "there is no network to measure with" in refuse(
        "evaluate", tiny_model_folder, "--data", data, "--out", tmp_path / "report"
    )
    assert "no protocol 'fid'" in refuse(*base, "--protocol", "fid")
    assert "compared with itself" in refuse(*base, "--compare", tiny_model_folder)
    assert "does not paint label maps" in refuse(*base, "--compare", judge)
    assert "expected a segmenter" in refuse(*base, "--segmenter", tiny_model_folder)
    assert "there is none" in refuse(*base, "--inception", tmp_path / "none.pth")
    assert "holds no SqueezeNet 1.0" in refuse(*base, "--weights", tmp_path)
    assert not (tmp_path / "report" / "results.json").exists()

    class_ = SemanticClass("lava", (255, 0, 0), 0)
    other = dataclasses.replace(
        tiny_vocabulary, name="hot", classes=(class_, *tiny_vocabulary.classes[1:])
    )
    root = tmp_path / "hot"
    write_scenes(root, other, count=2)
    (root / "vocabulary.json").write_text(json.dumps(other.to_json()))
    assert "classes of 'hot'" in refuse(*base, "--data", root)
    hot_judge = write_judge(tmp_path / "hot-judge", other)
    assert "Give a segmenter of 'tiny'" in refuse(*base, "--segmenter", hot_judge)
    (root / "images" / "scene1.png").unlink()
    (root / "images" / "scene0.png").unlink()
    (root / "images").rmdir()
    (root / "vocabulary.json").write_text(json.dumps(tiny_vocabulary.to_json()))
    assert "has no photo to compare with" in refuse(*base, "--data", root)


def test_published_judges_are_described_by_json(
    command_line: CommandLine, base: list[object], tmp_path: Path
) -> None:
    path = tmp_path / "voc.json"
    described = {
        "network": "fcn_resnet101",
        "weights": "fcn.pth",
        "classes": [{"name": "house", "source_classes": [0]}],
    }
    path.write_text(json.dumps(described))
    assert "fcn.pth, but there is none" in command_line.refuse(*base, "--segmenter", path)
    described["classes"] = [{"name": "lava", "source_classes": [0]}]
    path.write_text(json.dumps(described))
    assert "no class 'lava'" in command_line.refuse(*base, "--segmenter", path)
    path.write_text("{")
    assert "is not JSON" in command_line.refuse(*base, "--segmenter", path)
    path.write_text(json.dumps({**described, "network": "unet"}))
    assert "network" in command_line.refuse(*base, "--segmenter", path)

    described["classes"] = [{"name": "house", "source_classes": [0, 7]}]
    path.write_text(json.dumps(described))
    write_stretched_weights(tmp_path / "fcn.pth", "fcn_resnet101")
    outcome = command_line.run(*base, "--segmenter", path, "--limit", 2)
    assert outcome.code == 0, outcome.err
    results = json.loads((tmp_path / "report" / "results.json").read_text())
    assert results["judge"]["name"] == "voc"
    assert results["judge"]["network"].startswith("fcn_resnet101 of torchvision")
    # it can name one class only: all else has no intersection, and the house is all of the picture
    house = results["photos"]["counted"]
    assert house["class_iou"][4] == pytest.approx(house["pixel_accuracy"])
    assert set(house["class_iou"][:4]) == {0.0, None}  # None where the two maps lack a class
