from __future__ import annotations

import io
import json
import random
import re
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sinopia.errors import FileFormatError, LabelError, SinopiaError
from sinopia.scene import LabelMap, Vocabulary
from sinopia.studio.label_files import encode_label_map, read_label_map
from tests.studio.wire import Running, frame, unframe


def png(image: Image.Image, **text: str) -> bytes:
    info = PngInfo()
    for key, value in text.items():
        info.add_text(key.replace("_", "-"), value)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue()


def test_what_is_written_is_read_back_and_says_its_names(tiny_map: LabelMap) -> None:
    content = encode_label_map(tiny_map)
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), tiny_map.ids)
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), tiny_map.colored())
        assert json.loads(image.info["sinopia-classes"]) == list(tiny_map.vocabulary.names)
        assert image.info["sinopia-vocabulary"] == "tiny"
    result = read_label_map(content, tiny_map.vocabulary)
    np.testing.assert_array_equal(result.ids, tiny_map.ids)
    assert result.notes == ()


def test_index_files(tiny_map: LabelMap) -> None:
    for array in (tiny_map.ids, tiny_map.ids.astype(np.uint16)):
        result = read_label_map(png(Image.fromarray(array)), tiny_map.vocabulary)
        assert result.ids.dtype == np.uint8
        np.testing.assert_array_equal(result.ids, tiny_map.ids)
        assert result.notes == ()


def test_colours_of_the_classes(tiny_map: LabelMap) -> None:
    colored = Image.fromarray(tiny_map.colored())
    for image in (colored, colored.convert("RGBA")):
        result = read_label_map(png(image), tiny_map.vocabulary)
        np.testing.assert_array_equal(result.ids, tiny_map.ids)
        assert result.notes == ("Its colours were read as classes.",)


def test_a_palette_of_other_colours_goes_by_its_numbers(tiny_map: LabelMap) -> None:
    image = Image.fromarray(tiny_map.ids)
    image.putpalette(bytes(range(1, 255)) * 3 + bytes(6))
    result = read_label_map(png(image), tiny_map.vocabulary)
    np.testing.assert_array_equal(result.ids, tiny_map.ids)
    assert "palette is of other colours" in result.notes[0]


def with_order(label_map: LabelMap, numbers: list[int]) -> bytes:
    """The map as a palette file whose colours are right and whose numbers are others."""
    table = np.zeros(256, np.uint8)
    palette = np.zeros((256, 3), np.uint8)
    for class_id, number in enumerate(numbers):
        table[class_id] = number
        palette[number] = label_map.vocabulary.palette[class_id]
    image = Image.fromarray(table[np.minimum(label_map.ids, 4)])
    image.putpalette(palette.tobytes())
    return png(image)


def test_a_palette_in_another_order(tiny_map: LabelMap) -> None:
    result = read_label_map(with_order(tiny_map, [10, 11, 12, 13, 14]), tiny_map.vocabulary)
    np.testing.assert_array_equal(result.ids, np.minimum(tiny_map.ids, 4))
    assert "another order" in result.notes[0]
    with pytest.raises(LabelError, match="read in two ways"):
        read_label_map(with_order(tiny_map, [1, 0, 2, 3, 4]), tiny_map.vocabulary)


def test_what_would_need_guessing_is_refused(tiny_map: LabelMap) -> None:
    vocabulary = tiny_map.vocabulary
    colored = tiny_map.colored().copy()
    colored[3, 5] = (1, 2, 3)
    clear = np.dstack([tiny_map.colored(), np.full((32, 32), 255, np.uint8)])
    clear[4, 6, 3] = 128
    too_high = tiny_map.ids.copy()
    too_high[7, 9] = 5
    wide = tiny_map.ids.astype(np.uint16)
    wide[0, 1] = 300
    cases = [
        (Image.fromarray(colored), r"1 colours that are of no class.* \(1, 2, 3\) at \(x=5, y=3\)"),
        (Image.fromarray(clear), r"not opaque, the first at \(x=6, y=4\)"),
        (Image.fromarray(too_high), r"id 5 at pixel \(x=9, y=7\).*end at 4"),
        (Image.fromarray(wide), r"id 300 at pixel \(x=1, y=0\)"),
        (Image.fromarray(tiny_map.ids > 1), "mode 1, whose values could mean several things"),
        (Image.fromarray(tiny_map.ids).convert("LA"), "mode LA"),
    ]
    for image, message in cases:
        with pytest.raises(LabelError, match=message):
            read_label_map(png(image), vocabulary)


def test_maps_of_other_classes_are_refused(tiny_map: LabelMap) -> None:
    grey = Image.fromarray(np.zeros((4, 4), np.uint8))
    named = png(grey, sinopia_vocabulary="camvid")
    with pytest.raises(LabelError, match=r"classes of 'camvid' \(sky, building"):
        read_label_map(named, tiny_map.vocabulary)
    assert read_label_map(named, Vocabulary.built_in("camvid")).ids.shape == (4, 4)
    listed = png(grey, sinopia_vocabulary="tiny", sinopia_classes='["a", "b"]')
    with pytest.raises(LabelError, match=r"classes of 'tiny' \(a, b\)"):
        read_label_map(listed, tiny_map.vocabulary)
    for broken in ("{", "5", "[1]", "[" * 100_000):
        with pytest.raises(FileFormatError, match="list of classes"):
            read_label_map(png(grey, sinopia_classes=broken), tiny_map.vocabulary)


# Threats: formats, bombs, text chunks, damage


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "TGA"])
def test_only_png_is_opened(tiny_map: LabelMap, file_format: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(tiny_map.ids).save(buffer, format=file_format)
    with pytest.raises(FileFormatError, match="Formats: PNG"):
        read_label_map(buffer.getvalue(), tiny_map.vocabulary)


def vast_png(width: int, height: int) -> bytes:
    """A few bytes that say they are a large picture."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + name + content + check

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(4097, 4097), (8000, 3000), (20_000, 20_000), (65_000, 65_000)])
def test_vast_pictures_are_refused_by_their_header(
    tiny_map: LabelMap, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(self: Image.Image) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(FileFormatError, match="too large"):
        read_label_map(vast_png(*size), tiny_map.vocabulary)


def test_long_sides_are_refused(tiny_map: LabelMap) -> None:
    thin = png(Image.fromarray(np.zeros((1, 4097), np.uint8)))
    with pytest.raises(FileFormatError, match="sides of up to 4096"):
        read_label_map(thin, tiny_map.vocabulary)


def test_text_that_inflates_without_end_is_refused(tiny_map: LabelMap) -> None:
    info = PngInfo()
    info.add_text("bomb", "x" * (8 << 20), zip=True)
    buffer = io.BytesIO()
    Image.fromarray(tiny_map.ids).save(buffer, format="PNG", pnginfo=info)
    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(FileFormatError, match="MAX_TEXT_CHUNK"):
        read_label_map(buffer.getvalue(), tiny_map.vocabulary)


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_damaged_files_are_read_or_refused(
    tiny_map: LabelMap, chance: random.Random, count: int
) -> None:
    content = bytearray(encode_label_map(tiny_map))
    for _ in range(count):
        content[chance.randrange(len(content))] = chance.randrange(256)
    del content[chance.randrange(1, 2 * len(content)) :]
    try:
        result = read_label_map(bytes(content), tiny_map.vocabulary)
    except SinopiaError:
        return
    assert ((result.ids < 5) | (result.ids == 255)).all()


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(tiny_map: LabelMap, content: bytes) -> None:
    with pytest.raises(SinopiaError):
        read_label_map(b"\x89PNG\r\n\x1a\n" + content, tiny_map.vocabulary)


# Routes


def test_a_map_over_http(server: Running, tiny_map: LabelMap, tiny_ids: bytes) -> None:
    header = {"model": "tiny", "width": 32, "height": 32}
    written = server.http.post("/api/label-maps/write", content=frame(header, tiny_ids))
    assert written.headers["content-type"] == "image/png"
    assert written.content == encode_label_map(tiny_map)
    read = server.http.post("/api/label-maps/read?model=tiny", content=written.content)
    assert unframe(read.content) == ({"width": 32, "height": 32, "notes": []}, tiny_ids)
    other = server.http.post("/api/label-maps/read?model=scenery", content=written.content)
    assert "but the model paints 'landscape'" in server.problem(other, 422)


def test_ade20k_over_http(server: Running) -> None:
    ids = bytes([0, 1, 7, 7])
    header = {"model": "scenery", "width": 2, "height": 2, "format": "ade20k"}
    response = server.http.post("/api/label-maps/write", content=frame(header, ids))
    assert json.loads(response.headers["x-sinopia-notes"]) == ["object"]
    with Image.open(io.BytesIO(response.content)) as image:
        pixels = np.asarray(image)
    assert pixels.tolist() == [[[6, 230, 230], [4, 200, 3]], [[0, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize(
    ("changes", "ids", "message"),
    [
        ({}, b"\x05" * 4, "holds id 5"),
        ({}, b"\x00" * 3, "4 ids of one byte, but 3 came"),
        ({"width": 4097}, b"", "width: .*4096"),
        ({"format": "tiff"}, bytes(4), "format: "),
        ({"path": "/etc/passwd"}, bytes(4), "path: extra"),
    ],
)
def test_maps_that_cannot_be_written(
    server: Running, changes: dict[str, object], ids: bytes, message: str
) -> None:
    header = {"model": "tiny", "width": 2, "height": 2} | changes
    response = server.http.post("/api/label-maps/write", content=frame(header, ids))
    assert response.status_code in (415, 422)
    assert re.search(message, server.problem(response, response.status_code))
