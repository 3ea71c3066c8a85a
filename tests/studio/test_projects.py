from __future__ import annotations

import io
import json
import random
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sinopia.errors import FileFormatError, LabelError, SinopiaError
from sinopia.scene import LabelMap, Vocabulary
from sinopia.studio.frames import parse_json
from sinopia.studio.projects import ProjectFile, read_project, write_project
from sinopia.studio.schemas import Project
from tests.studio.wire import Running, frame, unframe


def project_json(**changes: object) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "model": "tiny",
        "vocabulary": {"name": "tiny", "classes": ["sky", "tree", "grass", "water", "house"]},
        "width": 32,
        "height": 32,
        "look": {"seed": 9_007_199_254_740_991},
        "boxes": [{"id": 1, "class_id": 4, "x0": -3, "y0": 0, "x1": 8, "y1": 40}],
        "boxes_visible": True,
        "underlay": {"opacity": 0.25, "visible": False, "file": None},
        "favourites": [0, 4],
    } | changes


def photo(mode: str = "RGB", file_format: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    Image.fromarray(pixels).convert(mode).save(buffer, format=file_format, **options)
    return buffer.getvalue()


@pytest.fixture
def file(tiny_map: LabelMap) -> ProjectFile:
    project = parse_json(json.dumps(project_json()).encode(), Project, where="project")
    return ProjectFile(project, tiny_map.ids, photo())


@pytest.fixture
def archive(file: ProjectFile, tiny_vocabulary: Vocabulary) -> bytes:
    return write_project(file, tiny_vocabulary)


def rebuilt(archive: bytes, changes: dict[str, bytes | None]) -> bytes:
    """The ZIP with entries changed, added or left out."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        entries: dict[str, bytes | None] = {name: source.read(name) for name in source.namelist()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in (entries | changes).items():
            if content is not None:
                target.writestr(name, content)
    return buffer.getvalue()


def test_a_project_comes_back_whole(archive: bytes, file: ProjectFile) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        assert set(source.namelist()) == {
            "project.json",
            "labels.png",
            "underlay.png",
            "README.txt",
        }
        assert "Not in this file: the model itself" in source.read("README.txt").decode()
        with Image.open(io.BytesIO(source.read("labels.png"))) as image:
            assert image.mode == "P"
    again = read_project(archive)
    np.testing.assert_array_equal(again.ids, file.ids)
    assert again.project.underlay is not None
    assert again.project.underlay.file == "underlay.png"
    plain = again.project.model_dump(mode="json")
    plain["underlay"]["file"] = None
    assert plain == project_json()
    assert again.underlay is not None
    assert file.underlay is not None
    with (
        Image.open(io.BytesIO(again.underlay)) as image,
        Image.open(io.BytesIO(file.underlay)) as old,
    ):
        np.testing.assert_array_equal(np.asarray(image), np.asarray(old))


def test_equal_works_give_equal_files_again_and_again(
    archive: bytes, file: ProjectFile, tiny_vocabulary: Vocabulary
) -> None:
    assert write_project(file, tiny_vocabulary) == archive
    assert write_project(read_project(archive), tiny_vocabulary) == archive


def test_metadata_of_the_underlay_is_left_behind(
    file: ProjectFile, tiny_vocabulary: Vocabulary
) -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    tagged = photo(exif=exif, comment=b"who I am")
    assert b"where I live" in tagged
    archive = write_project(ProjectFile(file.project, file.ids, tagged), tiny_vocabulary)
    again = read_project(archive).underlay
    assert again is not None
    for content in (archive, again):
        assert b"where I live" not in content
        assert b"who I am" not in content


def test_underlays_of_every_kind_are_read(archive: bytes) -> None:
    for name, file_format in (("jpg", "JPEG"), ("webp", "WEBP"), ("png", "PNG")):
        content = rebuilt(
            archive, {"underlay.png": None, f"underlay.{name}": photo(file_format=file_format)}
        )
        underlay = read_project(content).underlay
        assert underlay is not None
        assert underlay.startswith(b"\x89PNG")


# Threats


NAMES = [
    "../evil",
    "..\\evil",
    "/etc/passwd",
    "C:\\evil",
    "C:evil",
    "labels.png\x00.txt",
    "README.txt\x00.pt",
    "sub/labels.png",
    "./labels.png",
    "labels.png/",
    "\uff0e\uff0e/evil",
    "..\u2215evil",
    "LABELS.PNG",
    "more.zip",
    "model.pt",
    "underlay.psd",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_entries_of_other_names_are_refused(archive: bytes, name: str) -> None:
    with pytest.raises(FileFormatError, match=r"expected nothing but|of one name|damaged"):
        read_project(with_entry(archive, name))


def with_entry(archive: bytes, name: str, mode: int = 0o100644) -> bytes:
    """The ZIP with its README under another name, just as it is: zipfile would clean it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(buffer, "w") as target:
        for info in source.infolist():
            entry = zipfile.ZipInfo(info.filename)
            if info.filename == "README.txt":
                entry.filename = name
                entry.external_attr = mode << 16
            target.writestr(entry, source.read(info))
    return buffer.getvalue()


def test_links_are_only_bytes(archive: bytes, tmp_path: Any) -> None:
    """Nothing is ever unpacked to a disk, so an entry that says it is a link is its bytes."""
    content = rebuilt(with_entry(archive, "README.txt", 0o120777), {})
    assert read_project(content).project.model == "tiny"


def test_an_entry_that_comes_twice_is_refused(archive: bytes) -> None:
    buffer = io.BytesIO(archive)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as target:
        target.writestr("labels.png", b"")
    with pytest.raises(FileFormatError, match="several entries of one name"):
        read_project(buffer.getvalue())


def test_many_entries_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for number in range(5000):
            target.writestr(f"{number}", b"")
    with pytest.raises(FileFormatError, match="5000 entries; expected up to 6"):
        read_project(buffer.getvalue())


@pytest.mark.parametrize(
    ("name", "size"), [("project.json", 5 << 20), ("labels.png", 30 << 20), ("README.txt", 1 << 17)]
)
def test_what_inflates_too_far_is_refused(archive: bytes, name: str, size: int) -> None:
    content = rebuilt(archive, {name: bytes(size)})
    assert len(content) < 200_000
    with pytest.raises(FileFormatError, match=f"{name} inflates to more than"):
        read_project(content)


def test_what_inflates_further_than_it_says_is_not_read_on(archive: bytes) -> None:
    """The size in the directory is a claim; the bytes are counted."""
    bomb = rebuilt(archive, {"labels.png": bytes(30 << 20)})
    size = (30 << 20).to_bytes(4, "little")
    assert bomb.count(size) == 2
    with pytest.raises(FileFormatError):
        read_project(bomb.replace(size, (1000).to_bytes(4, "little")))


def test_a_ratio_that_deflate_cannot_reach_is_refused(
    archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinopia.studio.projects._MAX_RATIO", 100)
    with pytest.raises(FileFormatError, match=r"labels\.png inflates to more than"):
        read_project(rebuilt(archive, {"labels.png": bytes(8 << 20)}))


def test_archives_inside_are_refused(archive: bytes) -> None:
    for name in ("labels.png", "underlay.png", "project.json"):
        with pytest.raises(SinopiaError):
            read_project(rebuilt(archive, {name: archive}))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(archive: bytes, method: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        target.writestr("project.json", b"{}")
    with pytest.raises(FileFormatError, match="a plain or deflated entry"):
        read_project(buffer.getvalue())


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"no zip" * 100])
def test_what_is_no_project(content: bytes) -> None:
    with pytest.raises(FileFormatError, match=r"no ZIP file|has no project\.json"):
        read_project(content)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"width": 31}, "project is 31x32, but its map is 32x32"),
        ({"width": 5000}, "width"),
        ({"vocabulary": {"name": "x", "classes": ["a", "b"]}}, "the map .* holds id 2.*end at 1"),
        ({"vocabulary": {"name": "x", "classes": ["a"] * 5}}, "names a class twice"),
        ({"vocabulary": {"name": "x", "classes": []}}, "classes"),
        ({"favourites": [5]}, "favourites .* holds id 5"),
        ({"favourites": [256]}, "favourites"),
        ({"boxes": [{"id": 1, "class_id": 9, "x0": 0, "y0": 0, "x1": 1, "y1": 1}]}, "a box"),
        ({"boxes": [{"id": 1, "class_id": 1, "x0": 0.5, "y0": 0, "x1": 1, "y1": 1}]}, "x0"),
        ({"underlay": {"opacity": 2, "visible": True, "file": None}}, "opacity"),
        ({"script": "<script>"}, "script"),
    ],
)
def test_projects_that_do_not_fit(archive: bytes, changes: dict[str, object], message: str) -> None:
    content = json.dumps(project_json(**changes)).encode()
    with pytest.raises(SinopiaError, match=message):
        read_project(rebuilt(archive, {"project.json": content}))


def test_missing_parts_are_named(archive: bytes) -> None:
    for name in ("project.json", "labels.png"):
        with pytest.raises(FileFormatError, match=f"has no {name}"):
            read_project(rebuilt(archive, {name: None}))
    with pytest.raises(FileFormatError, match="underlay is not in the file"):
        read_project(rebuilt(archive, {"underlay.png": None}))
    with pytest.raises(FileFormatError, match="several underlays"):
        read_project(rebuilt(archive, {"underlay.jpg": photo()}))


def test_other_formats_under_a_known_name_are_refused(archive: bytes, tiny_map: LabelMap) -> None:
    with pytest.raises(FileFormatError, match="Formats: PNG, JPEG, WEBP"):
        read_project(rebuilt(archive, {"underlay.png": photo(file_format="TIFF")}))
    with pytest.raises(FileFormatError, match="Formats: PNG"):
        read_project(rebuilt(archive, {"labels.png": photo()}))
    with pytest.raises(LabelError, match="mode RGB"):
        read_project(rebuilt(archive, {"labels.png": photo(file_format="PNG")}))


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_damaged_projects_are_read_or_refused(
    tiny_map: LabelMap, tiny_vocabulary: Vocabulary, chance: random.Random, count: int
) -> None:
    text = json.dumps(project_json()).encode()
    project = parse_json(text, Project, where="project")
    content = bytearray(write_project(ProjectFile(project, tiny_map.ids, None), tiny_vocabulary))
    for _ in range(count):
        content[chance.randrange(len(content))] = chance.randrange(256)
    del content[chance.randrange(1, 3 * len(content)) :]
    try:
        read_project(bytes(content))
    except SinopiaError:
        return


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["project.json", "labels.png", "underlay.jpg", "README.txt", "x", "a/b"]),
        st.binary(max_size=50),
    )
)
def test_any_entries_are_read_or_refused(entries: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in entries.items():
            target.writestr(name, content)
    with pytest.raises(SinopiaError):
        read_project(buffer.getvalue())


# Routes


def test_a_project_over_http(server: Running, tiny_ids: bytes) -> None:
    underlay = photo()
    header = {"project": project_json(), "parts": [len(tiny_ids), len(underlay)]}
    written = server.http.post("/api/projects/write", content=frame(header, tiny_ids, underlay))
    assert written.headers["content-type"] == "application/zip", written.text
    read, payload = unframe(server.http.post("/api/projects/read", content=written.content).content)
    assert read["project"]["boxes"] == project_json()["boxes"]
    assert read["parts"] == [1024, len(payload) - 1024]
    assert payload[:1024] == tiny_ids
    again = server.http.post("/api/projects/write", content=frame(read, payload))
    assert again.content == written.content


def test_a_project_without_underlay_over_http(server: Running, tiny_ids: bytes) -> None:
    for parts in ([], [1024], [1024, 0]):
        header = {"project": project_json(underlay=None), "parts": parts}
        written = server.http.post("/api/projects/write", content=frame(header, tiny_ids))
        read, payload = unframe(
            server.http.post("/api/projects/read", content=written.content).content
        )
        assert (read["parts"], payload) == ([1024, 0], tiny_ids)


@pytest.mark.parametrize(
    ("changes", "parts", "payload", "message"),
    [
        ({}, [1024, 5], bytes(1024), "expected parts"),
        ({}, [5, 1024], bytes(1029), "expected parts"),
        ({}, [], bytes(1029), "parts names none"),
        ({}, [1024], bytes(10), "expected parts"),
        ({}, [1024, 5], bytes(1029), "the underlay is not a picture"),
        ({"underlay": None}, [1024, 5], bytes(1029), "says that it has none"),
        ({"model": "other"}, [1024], bytes(1024), "has no model 'other'"),
        ({"model": "scenery"}, [1024], bytes(1024), "classes are not those of model 'scenery'"),
        ({}, [1024], b"\x05" * 1024, "holds id 5"),
        ({}, [-1], bytes(1024), "parts"),
    ],
)
def test_projects_that_cannot_be_written(
    server: Running,
    changes: dict[str, object],
    parts: list[int],
    payload: bytes,
    message: str,
) -> None:
    header = {"project": project_json(**changes), "parts": parts}
    response = server.http.post("/api/projects/write", content=frame(header, payload))
    assert response.status_code in (404, 415, 422)
    assert message in server.problem(response, response.status_code)
