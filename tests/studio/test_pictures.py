from __future__ import annotations

import base64
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from sinopia import config
from sinopia.errors import FileFormatError, ModelError, RequestError
from sinopia.inference.request import RecordedMap, encode_picture, hash_pixels, read_request
from sinopia.inference.synthesizer import Synthesizer, load_synthesizer
from sinopia.scene import LabelMap, Vocabulary
from sinopia.studio import models as models_module
from sinopia.studio.models import MAX_LOADED, ModelShelf
from sinopia.studio.pictures import LIVE_MIME, encode_live, encode_png, encode_webp, read_photo
from sinopia.studio.schemas import CodeLook, SeedLook
from tests.conftest import save_random_model
from tests.studio.wire import Running, frame, unframe

PHOTO = np.random.default_rng(3).integers(0, 255, (40, 50, 3)).astype(np.uint8)


def photo_bytes(file_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PHOTO).save(buffer, format=file_format, **options)
    return buffer.getvalue()


def order(**changes: object) -> dict[str, object]:
    return {"model": "tiny", "width": 32, "height": 32, "look": {"seed": 4}} | changes


def pixels_of(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)


# Encoding


def test_live_pictures_keep_colours_at_full_resolution() -> None:
    """Half-resolution colours would smear neighbouring columns of red and blue."""
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2, 0] = stripes[:, 1::2, 2] = 255
    content = encode_live(stripes)
    with Image.open(io.BytesIO(content)) as image:
        assert Image.MIME[str(image.format)] == LIVE_MIME
    assert np.abs(pixels_of(content).astype(int) - stripes).mean() < 12


def test_thumbnails_keep_their_shape() -> None:
    assert pixels_of(encode_webp(PHOTO, max_side=25)).shape == (20, 25, 3)
    assert pixels_of(encode_webp(PHOTO, max_side=2000)).shape == PHOTO.shape
    np.testing.assert_array_equal(pixels_of(encode_png(PHOTO)), PHOTO)


def test_photos_are_png_jpeg_or_webp() -> None:
    np.testing.assert_array_equal(read_photo(photo_bytes(), name="it"), PHOTO)
    for file_format in ("JPEG", "WEBP"):
        assert read_photo(photo_bytes(file_format), name="it").shape == PHOTO.shape
    for file_format in ("TIFF", "BMP", "GIF", "PPM", "ICO", "TGA", "EPS"):
        with pytest.raises(FileFormatError, match=r"it is not a picture .* PNG, JPEG, WEBP"):
            read_photo(photo_bytes(file_format), name="it")


# The shelf


@pytest.fixture
def plain_vocabulary(tiny_vocabulary: Vocabulary) -> Vocabulary:
    return dataclasses.replace(tiny_vocabulary, name="plain")


def test_models_are_known_without_their_weights(
    tiny_shelf: ModelShelf, tiny_vocabulary: Vocabulary
) -> None:
    assert tiny_shelf.default == "tiny"
    assert [model.name for model in tiny_shelf.models] == ["tiny", "scenery", "street"]
    entry = tiny_shelf.find("tiny").entry
    assert (entry.size_hw, entry.size_multiple, entry.style_dim) == ((32, 32), 32, 8)
    assert (entry.can_read_style, entry.needs_instances) == (True, False)
    assert tuple(each.name for each in entry.vocabulary.classes) == tiny_vocabulary.names
    assert all(each.training_pixels is None for each in entry.vocabulary.classes)
    scenery = tiny_shelf.find("scenery").entry.vocabulary.classes
    assert all(each.training_pixels for each in scenery)
    with pytest.raises(ModelError, match=r"no model '/etc'.* It has tiny, scenery"):
        tiny_shelf.find("/etc")


def test_models_that_cannot_be_offered(tiny_model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model 'nothing'"):
        ModelShelf(["nothing"])
    other = tmp_path / "tiny"
    other.mkdir()
    for name in ("model.json", "weights.safetensors"):
        (other / name).write_bytes((tiny_model_folder / name).read_bytes())
    with pytest.raises(ModelError, match="have the same name, 'tiny'"):
        ModelShelf([tiny_model_folder, other])
    manifest = json.loads((other / "model.json").read_text())
    manifest["family"] = "segmenter"
    (other / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="does not paint label maps"):
        ModelShelf([other])
    with pytest.raises(RequestError, match="device 'nowhere'"):
        ModelShelf([tiny_model_folder], device="nowhere")


def test_two_models_are_kept(
    tiny_model_folder: Path, tiny_map: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_LOADED == 2
    shelf = ModelShelf([tiny_model_folder], precision="fp32")
    tiny = shelf.find("tiny")
    three = [dataclasses.replace(tiny, name=name) for name in "abc"]
    loaded: list[str] = []

    def load(folder: Path, **options: object) -> object:
        loaded.append("x")
        return load_synthesizer(folder, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(models_module, "load_synthesizer", load)
    a, b, c = three
    for model, total in ((a, 1), (b, 2), (a, 2), (c, 3), (a, 3), (b, 4), (a, 4), (c, 5)):
        shelf.paint(model, tiny_map.ids, SeedLook(seed=0))
        assert len(loaded) == total, model.name


def test_pictures_are_those_of_a_fresh_synthesizer(
    tiny_shelf: ModelShelf, tiny_model_folder: Path, tiny_map: LabelMap
) -> None:
    tiny = tiny_shelf.find("tiny")
    fresh = load_synthesizer(tiny_model_folder)
    fresh.set_label_map(tiny_map)
    expected = fresh.synthesize(4)
    ids = tiny_map.ids.copy()
    for column in range(8):
        ids[:, column] = 1
        live = tiny_shelf.paint(tiny, ids, SeedLook(seed=4))
    assert (live != expected).any()
    live = tiny_shelf.paint(tiny, tiny_map.ids, SeedLook(seed=4))
    assert np.abs(live.astype(int) - expected).max() <= 1
    exact = tiny_shelf.paint(tiny, tiny_map.ids, SeedLook(seed=4), is_exact=True)
    np.testing.assert_array_equal(exact, expected)


def test_pictures_to_download_begin_anew_and_live_ones_do_not(
    tiny_shelf: ModelShelf, tiny_map: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = tiny_shelf.find("tiny")
    events: list[str] = []
    forget, set_label_map = Synthesizer.forget, Synthesizer.set_label_map

    def noted_forget(synthesizer: Synthesizer) -> None:
        events.append("forget")
        forget(synthesizer)

    def noted_set(synthesizer: Synthesizer, *arguments: Any, **options: Any) -> None:
        events.append("set")
        set_label_map(synthesizer, *arguments, **options)

    monkeypatch.setattr(Synthesizer, "forget", noted_forget)
    monkeypatch.setattr(Synthesizer, "set_label_map", noted_set)
    tiny_shelf.paint(tiny, tiny_map.ids, SeedLook(seed=4))
    tiny_shelf.paint(tiny, tiny_map.ids, SeedLook(seed=4), is_exact=True)
    assert events == ["set", "forget", "set"]


def test_a_seed_and_its_code_are_the_same_look(tiny_shelf: ModelShelf, tiny_map: LabelMap) -> None:
    tiny = tiny_shelf.find("tiny")
    code = CodeLook(style_code=tiny_shelf.draw_style(tiny, 4))
    by_code = tiny_shelf.paint(tiny, tiny_map.ids, code, is_exact=True)
    by_seed = tiny_shelf.paint(tiny, tiny_map.ids, SeedLook(seed=4), is_exact=True)
    np.testing.assert_array_equal(by_code, by_seed)


def test_a_model_with_edges_and_without_style(
    tmp_path: Path, tiny_config: object, plain_vocabulary: Vocabulary, tiny_map: LabelMap
) -> None:
    config = dataclasses.replace(
        tiny_config,  # type: ignore[type-var]
        style_dim=None,
        encoder=None,
        has_instance_edges=True,
    )
    folder = save_random_model(tmp_path / "plain", config, plain_vocabulary)
    shelf = ModelShelf([folder], precision="fp32")
    plain = shelf.find("plain")
    assert (plain.entry.style_dim, plain.entry.needs_instances) == (None, True)
    picture = shelf.paint(plain, tiny_map.ids, None)
    fresh = load_synthesizer(folder)
    fresh.set_label_map(LabelMap(tiny_map.ids, plain_vocabulary), tiny_map.ids)
    np.testing.assert_array_equal(picture, fresh.synthesize())
    assert shelf.request(plain, None) == fresh.request()
    for look in (SeedLook(seed=1), CodeLook(style_code="AAAA")):
        with pytest.raises(RequestError, match="one picture per map"):
            shelf.paint(plain, tiny_map.ids, look)
    with pytest.raises(RequestError, match="one picture per map"):
        shelf.draw_style(plain, 1)


# Routes


def test_the_models_over_http(server: Running) -> None:
    body = server.http.get("/api/models").json()
    assert body["default"] == "tiny"
    tiny = body["models"][0]
    assert tiny["name"] == "tiny"
    assert tiny["size_hw"] == [32, 32]
    assert tiny["styles"] == []
    assert tiny["vocabulary"]["classes"][4] == {
        "id": 4,
        "name": "house",
        "color": [160, 40, 90],
        "is_thing": True,
        "training_pixels": None,
    }
    preview = server.http.get("/api/models/scenery/preview")
    assert preview.headers["content-type"] == "image/jpeg"
    assert pixels_of(preview.content).ndim == 3
    assert "no preview" in server.problem(server.http.get("/api/models/tiny/preview"), 404)
    assert "no model" in server.problem(server.http.get("/api/models/other/preview"), 404)


def test_style_codes_over_http(server: Running) -> None:
    drawn = server.http.get("/api/models/tiny/style-code?seed=5").json()
    assert len(base64.b64decode(drawn["style_code"])) == 32
    assert drawn["photo_sha256"] is None
    for file_format in ("PNG", "JPEG", "WEBP"):
        content = photo_bytes(file_format)
        read = server.http.post("/api/models/tiny/style-code", content=content).json()
        assert read["photo_sha256"] == hash_pixels(read_photo(content, name="it"))
        assert len(base64.b64decode(read["style_code"])) == 32
    refused = server.http.post("/api/models/tiny/style-code", content=photo_bytes("TIFF"))
    assert "Formats: PNG, JPEG, WEBP" in server.problem(refused, 415)
    for seed in ("-1", str(2**53), "x", ""):
        response = server.http.get(f"/api/models/tiny/style-code?seed={seed}")
        assert "query.seed" in server.problem(response, 422)


def test_a_picture_is_equal_bytes_and_carries_its_request(
    server: Running, tiny_ids: bytes, tiny_model_folder: Path, tiny_map: LabelMap, tmp_path: Path
) -> None:
    first = server.http.post("/api/pictures", content=frame(order(), tiny_ids))
    assert first.headers["content-type"] == "image/png"
    assert float(first.headers["x-sinopia-milliseconds"]) > 0
    other = bytes([1]) * 512 + tiny_ids[512:]
    assert server.http.post("/api/pictures", content=frame(order(), other)).content != first.content
    again = server.http.post("/api/pictures", content=frame(order(), tiny_ids))
    assert again.content == first.content
    fresh = load_synthesizer(tiny_model_folder)
    fresh.set_label_map(tiny_map)
    assert first.content == encode_picture(fresh.synthesize(4), fresh.request(4))
    (tmp_path / "a.png").write_bytes(first.content)
    request = read_request(tmp_path / "a.png")
    assert (request.seed, request.model) == (4, "tiny")
    np.testing.assert_array_equal(fresh.repaint(request), pixels_of(first.content))


def test_a_picture_restores_the_work(server: Running, tiny_ids: bytes) -> None:
    code = server.http.get("/api/models/tiny/style-code?seed=5").json()["style_code"]
    for look in ({"seed": 7}, {"style_code": code, "photo_sha256": "0" * 64}):
        picture = server.http.post("/api/pictures", content=frame(order(look=look), tiny_ids))
        header, ids = unframe(
            server.http.post("/api/pictures/read", content=picture.content).content
        )
        assert header == {"model": "tiny", "width": 32, "height": 32, "look": look}
        assert ids == tiny_ids


def test_thumbnails_over_http(server: Running, tiny_ids: bytes) -> None:
    content = frame(order(format="webp", max_side=16), tiny_ids)
    response = server.http.post("/api/pictures", content=content)
    assert response.headers["content-type"] == "image/webp"
    assert pixels_of(response.content).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("changes", "ids", "status", "message"),
    [
        ({}, bytes(1023), 415, "1,024 ids of one byte, but 1,023 came"),
        ({}, b"\x05" * 1024, 422, "holds id 5"),
        ({"width": 16, "height": 64}, bytes(1024), 422, "nearest size is 64x32"),
        ({"width": 2080}, b"", 422, "less than or equal to 2048"),
        ({"model": "other"}, bytes(1024), 404, "has no model 'other'"),
        ({"look": None}, bytes(1024), 422, "needs a look"),
        ({"look": {"style_code": "AAAA"}}, bytes(1024), 422, "expected 8 numbers"),
        ({"max_side": 64}, bytes(1024), 422, "max_side is for webp"),
        ({"format": "bmp"}, bytes(1024), 422, "format"),
        ({"url": "http://evil.example"}, bytes(1024), 422, "url: extra inputs"),
    ],
)
def test_pictures_that_cannot_be_painted(
    server: Running, changes: dict[str, object], ids: bytes, status: int, message: str
) -> None:
    response = server.http.post("/api/pictures", content=frame(order(**changes), ids))
    assert message in server.problem(response, status)


def altered(content: bytes, **changes: object) -> bytes:
    """A picture whose request says something else."""
    from PIL.PngImagePlugin import PngInfo

    with Image.open(io.BytesIO(content)) as image:
        request = json.loads(image.info["sinopia-request"])
        info = PngInfo()
        info.add_itxt("sinopia-request", json.dumps(request | changes))
        buffer = io.BytesIO()
        image.save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue()


def test_pictures_that_cannot_be_read(server: Running, tiny_ids: bytes) -> None:
    def refused(content: bytes, status: int) -> str:
        return server.problem(server.http.post("/api/pictures/read", content=content), status)

    picture = server.http.post("/api/pictures", content=frame(order(), tiny_ids)).content
    assert "carries no request" in refused(photo_bytes(), 415)
    assert "Formats: PNG" in refused(photo_bytes("JPEG"), 415)
    assert "does not have" in refused(altered(picture, weights_sha256="0" * 64), 404)
    assert "no such field" in refused(altered(picture, code="import os"), 422)
    assert "outside 0.." in refused(altered(picture, seed=2**60), 422)
    assert "needs a look" in refused(altered(picture, seed=None), 422)
    high = config.to_json(RecordedMap.of(np.full((32, 32), 5, np.uint8)))
    assert "the picture's map holds id 5" in refused(altered(picture, label_map=high), 422)
    vast = {"size_hw": [8000, 8000], "sha256": "0" * 64, "png_base64": "AAAA"}
    assert "up to 16,777,216" in refused(altered(picture, label_map=vast), 422)
    assert "up to 16,777,216" in refused(altered(picture, size_hw=[100_000, 100_000]), 422)
    broken = {"size_hw": [32, 32], "sha256": "0" * 64, "png_base64": "AAAA"}
    assert "damaged" in refused(altered(picture, label_map=broken), 422)


def test_a_picture_of_another_size_than_its_map_restores_what_was_painted(
    server: Running, tiny_model_folder: Path, tiny_map: LabelMap
) -> None:
    fresh = load_synthesizer(tiny_model_folder)
    fresh.set_label_map(tiny_map, size_hw=(64, 32))
    content = encode_picture(fresh.synthesize(1), fresh.request(1))
    header, ids = unframe(server.http.post("/api/pictures/read", content=content).content)
    assert (header["width"], header["height"]) == (32, 64)
    assert ids == tiny_map.resized((64, 32)).ids.tobytes()


def test_examples_over_http(server: Running) -> None:
    examples = server.http.get("/api/examples").json()["examples"]
    assert {
        "id": "coast",
        "title": "Coast",
        "vocabulary": "landscape",
        "width": 256,
        "height": 256,
    } in examples
    for each in examples:
        header, ids = unframe(server.http.get(f"/api/examples/{each['id']}").content)
        assert header == {key: each[key] for key in ("vocabulary", "width", "height")}
        preview = pixels_of(server.http.get(f"/api/examples/{each['id']}/preview").content)
        array = np.frombuffer(ids, np.uint8).reshape(each["height"], each["width"])
        palette = Vocabulary.built_in(each["vocabulary"]).palette
        np.testing.assert_array_equal(preview, palette[array])
    assert {each["vocabulary"] for each in examples} == {"camvid", "landscape"}
    assert "There are avenue, coast" in server.problem(server.http.get("/api/examples/no"), 404)


def test_a_failure_is_told_without_its_trace(
    server: Running, tiny_ids: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr(ModelShelf, "paint", fail)
    # The server closes the connection after a failure: it is not one of the pool.
    response = httpx.post(f"{server.origin}/api/pictures", content=frame(order(), tiny_ids))
    assert "secret" not in server.problem(response, 500)
    assert response.headers["x-content-type-options"] == "nosniff"


def test_unknown_addresses_and_methods(server: Running) -> None:
    assert "/api/openapi.json" in server.problem(server.http.get("/api/nothing"), 404)
    assert "DELETE is not possible" in server.problem(server.http.delete("/api/models"), 405)
