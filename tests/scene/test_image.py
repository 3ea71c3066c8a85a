from __future__ import annotations

import errno
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sinopia.errors import FileFormatError
from sinopia.scene import read_image, resize_image, write_image
from sinopia.scene.image import MAX_PIXELS, SUFFIXES, ImageArray, open_image, read_png_text


@pytest.fixture
def photo() -> ImageArray:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def _huge_png(path: Path, width: int, height: int) -> None:
    """A file of a few bytes that says it is a vast grey picture."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".bmp", ".ppm", ".tif", ".tiff"])
def test_lossless_files_give_back_what_was_written(
    tmp_path: Path, photo: ImageArray, suffix: str
) -> None:
    write_image(tmp_path / f"a{suffix}", photo)
    again = read_image(tmp_path / f"a{suffix}")
    assert again.dtype == np.uint8
    assert (again == photo).all()


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp"])
def test_lossy_files_come_close_and_quality_counts(tmp_path: Path, suffix: str) -> None:
    ramp = np.linspace(0, 255, 32).astype(np.uint8)
    smooth = np.stack([np.tile(ramp, (32, 1))] * 3, axis=2)
    write_image(tmp_path / f"a{suffix}", smooth)
    again = read_image(tmp_path / f"a{suffix}").astype(int)
    assert abs(again - smooth).max() < 12
    write_image(tmp_path / f"rough{suffix}", smooth, quality=5)
    assert (tmp_path / f"rough{suffix}").stat().st_size < (tmp_path / f"a{suffix}").stat().st_size


def test_png_text_is_read_back(tmp_path: Path, photo: ImageArray) -> None:
    text = {"sinopia": '{"seed": 1}', "note": "größer"}
    write_image(tmp_path / "a.png", photo, text=text)
    assert read_png_text(tmp_path / "a.png") == text
    write_image(tmp_path / "b.png", photo)
    assert read_png_text(tmp_path / "b.png") == {}


def test_png_text_is_not_looked_for_in_other_files(tmp_path: Path, photo: ImageArray) -> None:
    write_image(tmp_path / "a.jpg", photo)
    with pytest.raises(FileFormatError, match=r"a\.jpg is not a picture .* Formats: PNG\."):
        read_png_text(tmp_path / "a.jpg")


def test_every_mode_is_read_as_rgb(tmp_path: Path) -> None:
    for mode, color in (("L", 7), ("RGBA", (7, 7, 7, 0)), ("P", 7), ("LA", (7, 0)), ("1", 0)):
        image = Image.new(mode, (3, 2), color)
        if mode == "P":
            image.putpalette([0] * 21 + [7] * 747)
        image.save(tmp_path / "a.png")
        pixels = read_image(tmp_path / "a.png")
        assert pixels.shape == (2, 3, 3)
        assert (pixels == (0 if mode == "1" else 7)).all()


def test_photos_are_turned_as_their_camera_says(tmp_path: Path, photo: ImageArray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is at the right of the sensor
    Image.fromarray(photo).save(tmp_path / "a.png", exif=exif)
    assert (read_image(tmp_path / "a.png") == np.rot90(photo, -1)).all()


def test_files_that_are_no_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"^no picture at .*gone\.png\.$"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(FileFormatError, match=r"is a folder; a picture file is expected\.$"):
        read_image(tmp_path)
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").write_bytes(b"")
    for name in ("text.png", "empty.png"):
        with pytest.raises(FileFormatError, match=rf"{name} is not a picture that can be read\. F"):
            read_image(tmp_path / name)


def test_formats_that_are_not_on_the_list_are_not_decoded(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png", format="GIF")
    with pytest.raises(FileFormatError, match=r"a\.png is not a picture that can be read"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".ppm", ".tif"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_files_cut_short_are_refused(
    tmp_path: Path, photo: ImageArray, suffix: str, share: float
) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(path, photo)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileFormatError, match=r"(is damaged or cut short: .* Copy it)|not a pict"):
        read_image(path)


@pytest.mark.parametrize(
    ("width", "height", "message"),
    [
        (MAX_PIXELS // 1000 + 1, 1000, r"too large: 64001x1000; .* up to 64,000,000 pixels"),
        (10_000, 10_000, r"too large: Image size \(100000000 pixels\)"),
        (100_000, 100_000, r"too large: Image size \(10000000000 pixels\)"),
    ],
)
def test_vast_pictures_are_refused_before_they_are_decoded(
    tmp_path: Path, width: int, height: int, message: str
) -> None:
    _huge_png(tmp_path / "bomb.png", width, height)
    with pytest.raises(FileFormatError, match=message):
        read_image(tmp_path / "bomb.png")


def test_errors_of_the_caller_are_not_blamed_on_the_file(tmp_path: Path, photo: ImageArray) -> None:
    write_image(tmp_path / "a.png", photo)
    for error in (ValueError("mine"), OSError(errno.ENOSPC, "mine")):
        with pytest.raises(type(error), match="mine") as caught, open_image(tmp_path / "a.png"):
            raise error
        assert caught.value is error


def test_pictures_are_written_under_names_that_say_how(tmp_path: Path, photo: ImageArray) -> None:
    for name in ("a.gif", "a"):
        with pytest.raises(FileFormatError, match=rf"cannot write .*{name}: use a name that ends"):
            write_image(tmp_path / name, photo)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_older_picture(
    tmp_path: Path, photo: ImageArray, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(path, photo)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_image(path, 255 - photo)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("method", ["bicubic", "bilinear"])
def test_pictures_are_resized_with_an_antialiased_filter(method: str) -> None:
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2] = 255
    small = resize_image(stripes, (8, 4), method=method)  # type: ignore[arg-type]
    assert small.shape == (8, 4, 3)
    assert abs(small[:, 1:-1].astype(int) - 127).max() <= 2  # without the filter: 0 or 255
    assert resize_image(stripes, (32, 32)) is stripes
    assert resize_image(stripes, (32, 16)).shape == (32, 16, 3)
    assert resize_image(stripes, (16, 32)).shape == (16, 32, 3)


def test_flat_pictures_stay_flat() -> None:
    flat = np.full((5, 7, 3), 93, np.uint8)
    assert (resize_image(flat, (16, 9)) == 93).all()
