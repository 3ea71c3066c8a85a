from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinopia.errors import ConfigError, FileFormatError, SinopiaError
from sinopia.studio.frames import MAX_HEADER_BYTES, decode_frame, encode_frame, parse_frame
from sinopia.studio.schemas import Begin, Box, Change, PictureHeader, ProjectHeader, Seen
from tests.studio.wire import frame, unframe

BEGIN = {
    "type": "begin",
    "serial": 1,
    "model": "tiny",
    "width": 2,
    "height": 3,
    "look": {"seed": 4},
}


def test_a_frame_is_a_length_a_header_and_bytes() -> None:
    content = encode_frame({"a": 1}, b"xy", b"z")
    assert content == b"\x07\x00\x00\x00" + b'{"a":1}' + b"xyz"
    text, payload = decode_frame(content)
    assert (text, bytes(payload)) == (b'{"a":1}', b"xyz")
    assert unframe(frame({"a": 1}, b"x")) == ({"a": 1}, b"x")


def test_a_header_is_checked() -> None:
    header, payload = parse_frame(frame(BEGIN, b"123456"), Begin)
    assert (header.model, header.look, bytes(payload)) == ("tiny", Begin(**BEGIN).look, b"123456")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got 0 bytes"),
        (b"\x00\x00\x00", "got 3 bytes"),
        (b"\x05\x00\x00\x00{}", "cut short"),
        (struct.pack("<I", MAX_HEADER_BYTES + 1) + b"{}", "a header of 1,048,577 bytes"),
    ],
)
def test_frames_that_are_none(content: bytes, message: str) -> None:
    with pytest.raises(FileFormatError, match=message):
        decode_frame(content)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 2049}, r"width: .*less than or equal to 2048, got 2049"),
        ({"width": 0}, "width"),
        ({"width": 2.0}, "width: .*valid integer"),
        ({"width": "2"}, "width: .*valid integer"),
        ({"width": True}, "width: .*valid integer"),
        ({"serial": -1}, "serial"),
        ({"model": ""}, "model"),
        ({"model": "m" * 201}, "model"),
        ({"more": 1}, "more: extra inputs are not permitted"),
        ({"look": {"seed": 2**53}}, "seed"),
        ({"look": {"seed": 1, "style_code": "AAAA"}}, "look"),
        ({"look": {"style_code": "A" * 40_000}}, "style_code"),
        ({"look": {"style_code": "AAAA", "photo_sha256": "x"}}, "photo_sha256"),
        ({"type": "begun"}, "type"),
    ],
)
def test_headers_out_of_bounds(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refusal:
        parse_frame(frame(BEGIN | changes), Begin)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b"NaN"])
def test_headers_that_are_no_objects(text: bytes) -> None:
    with pytest.raises(ConfigError, match="frame header: "):
        parse_frame(struct.pack("<I", len(text)) + text, Begin)


def test_numbers_must_be_finite() -> None:
    with pytest.raises(ConfigError, match="opacity"):
        parse_frame(
            frame({"project": {"underlay": {"opacity": float("nan"), "visible": True}}}),
            ProjectHeader,
        )


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_refused(content: bytes) -> None:
    for kind in (Begin, Change, Seen, PictureHeader, ProjectHeader):
        try:
            parse_frame(content, kind)
        except SinopiaError:
            continue


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*BEGIN, "tiles", "format", "x"]), _JSON), st.binary())
def test_any_json_is_a_header_or_refused(changes: dict[str, object], payload: bytes) -> None:
    content = json.dumps(BEGIN | changes).encode()
    for kind in (Begin, Change, Seen, PictureHeader, Box):
        try:
            parse_frame(struct.pack("<I", len(content)) + content + payload, kind)
        except SinopiaError:
            continue
