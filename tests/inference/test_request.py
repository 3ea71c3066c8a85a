from __future__ import annotations

import base64
import dataclasses
import hashlib
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sinopia.errors import ConfigError, FileFormatError, RequestError
from sinopia.inference.request import (
    MAX_EMBEDDED_CHARACTERS,
    REQUEST_KEY,
    RecordedMap,
    SynthesisRequest,
    read_request,
    write_picture,
)
from sinopia.scene import LabelMap, read_image, write_image
from sinopia.zoo.styles import encode_style_code

SHA = "ab" * 32


@pytest.fixture
def request_of_map(tiny_map: LabelMap) -> SynthesisRequest:
    return SynthesisRequest(
        model="tiny",
        weights_sha256=SHA,
        vocabulary="tiny",
        label_map=RecordedMap.of(tiny_map.ids),
        size_hw=(64, 64),
        seed=7,
    )


def test_a_map_is_restored_and_its_hash_is_that_of_its_bytes(tiny_map: LabelMap) -> None:
    recorded = RecordedMap.of(tiny_map.ids)
    assert recorded.size_hw == (32, 32)
    assert recorded.sha256 == hashlib.sha256(tiny_map.ids.tobytes()).hexdigest()
    np.testing.assert_array_equal(recorded.restore(), tiny_map.ids)


@pytest.mark.parametrize("highest", [255, 256, 65535])
def test_instance_numbers_of_any_size_are_restored(highest: int) -> None:
    ids = np.array([[0, 1, 7], [highest, 3, 3]], np.int32)
    np.testing.assert_array_equal(RecordedMap.of(ids).restore(), ids)
    same = RecordedMap.of(ids.astype(np.uint16))
    assert same.sha256 == RecordedMap.of(ids).sha256


@pytest.mark.parametrize("value", [-1, 65536])
def test_numbers_that_no_png_holds_are_recorded_by_hash(value: int) -> None:
    recorded = RecordedMap.of(np.array([[0, value]], np.int32))
    assert recorded.png_base64 is None
    with pytest.raises(RequestError, match=r"hash .* alone.*Give the map file"):
        recorded.restore()


def test_a_map_too_large_to_embed_is_recorded_by_hash() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (512, 512)).astype(np.uint8)
    assert RecordedMap.of(noise).png_base64 is None
    text = RecordedMap.of(np.zeros((2048, 2048), np.uint8)).png_base64
    assert text is not None
    assert len(text) < MAX_EMBEDDED_CHARACTERS


def test_a_damaged_map_is_found_out(tiny_map: LabelMap) -> None:
    recorded = RecordedMap.of(tiny_map.ids)
    assert recorded.png_base64 is not None
    other = tiny_map.ids.copy()
    other[0, 0] = 3
    changed = dataclasses.replace(recorded, png_base64=RecordedMap.of(other).png_base64)
    with pytest.raises(RequestError, match="does not have the declared hash"):
        changed.restore()
    with pytest.raises(RequestError, match="its size is not the one declared"):
        dataclasses.replace(recorded, size_hw=(32, 31)).restore()
    cut = base64.b64encode(base64.b64decode(recorded.png_base64)[:60]).decode()
    for broken in (cut, "no base64!", ""):
        with pytest.raises(RequestError, match="embedded in the request is damaged"):
            dataclasses.replace(recorded, png_base64=broken).restore()


def test_an_embedded_map_that_says_it_is_vast_is_refused(tiny_map: LabelMap) -> None:
    recorded = RecordedMap.of(tiny_map.ids)
    assert recorded.png_base64 is not None
    content = bytearray(base64.b64decode(recorded.png_base64))
    content[16:24] = (65_000).to_bytes(4, "big") * 2  # width and height in the header
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    vast = base64.b64encode(content).decode()
    with pytest.raises(RequestError, match="embedded in the request is damaged"):
        dataclasses.replace(recorded, png_base64=vast).restore()


def test_a_request_travels_in_a_png(request_of_map: SynthesisRequest, tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    write_picture(tmp_path / "a.png", picture, request_of_map)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), picture)
    assert read_request(tmp_path / "a.png") == request_of_map
    with Image.open(tmp_path / "a.png") as image:
        assert REQUEST_KEY == "sinopia-request"
        assert REQUEST_KEY in image.info


def test_a_style_code_travels_exactly(request_of_map: SynthesisRequest) -> None:
    code = np.random.default_rng(2).normal(size=256).astype(np.float32)
    request = dataclasses.replace(
        request_of_map, seed=None, style_code=encode_style_code(code), style_photo_sha256=SHA
    )
    again = SynthesisRequest.from_json(request.to_json())
    assert again == request
    values = again.style_values()
    assert values is not None
    np.testing.assert_array_equal(values, code)
    for broken in ("???", base64.b64encode(b"123").decode()):
        with pytest.raises(RequestError, match="the style code of the request"):
            dataclasses.replace(request, style_code=broken).style_values()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("colour", 1, "request.colour: no such field"),
        ("seed", "7", "request.seed: expected"),
        ("weights_sha256", "abc", "weights_sha256: expected 64 hexadecimal digits"),
        ("version", 2, "request.version: expected one of 1"),
        ("precision", "fp8", "request.precision: expected one of fp32, bf16"),
        ("style_code", "AAAAAA==", "a seed or a style code, not both"),
        ("style_photo_sha256", SHA, "style code of the photo is missing"),
        ("label_map", {"size_hw": [0, 4], "sha256": SHA, "png_base64": None}, "0x4 is no size"),
    ],
)
def test_requests_are_read_strictly(
    request_of_map: SynthesisRequest, field: str, value: object, message: str
) -> None:
    data = {**request_of_map.to_json(), field: value}
    with pytest.raises(ConfigError, match=message):
        SynthesisRequest.from_json(data)


def test_a_missing_field_is_named(request_of_map: SynthesisRequest) -> None:
    data = request_of_map.to_json()
    del data["label_map"]
    with pytest.raises(ConfigError, match=r"request\.label_map: this field is required"):
        SynthesisRequest.from_json(data)


def test_pictures_without_a_request(request_of_map: SynthesisRequest, tmp_path: Path) -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    write_image(tmp_path / "plain.png", picture)
    with pytest.raises(FileFormatError, match="carries no request"):
        read_request(tmp_path / "plain.png")
    write_image(tmp_path / "odd.png", picture, text={REQUEST_KEY: "{"})
    with pytest.raises(FileFormatError, match="its request is not JSON"):
        read_request(tmp_path / "odd.png")
    with pytest.raises(FileFormatError, match=r"must end in \.png"):
        write_picture(tmp_path / "a.jpg", picture, request_of_map)
