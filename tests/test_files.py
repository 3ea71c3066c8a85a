from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from sinopia.files import atomic_folder, atomic_path, write_bytes, write_text


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _write_folder(path: Path, content: str) -> None:
    with atomic_folder(path) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "a.txt").write_text(content)


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    write_text(path, "grün")
    assert path.read_bytes() == "grün".encode()
    write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert _names(path.parent) == ["a.txt"]


def test_files_and_folders_get_the_permissions_that_the_user_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a.bin", b"x")
        _write_folder(tmp_path / "folder", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750


def test_the_temporary_path_keeps_the_suffix_and_the_folder(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "map.png") as temporary:
        assert temporary.suffix == ".png"
        assert temporary.parent == tmp_path
        assert not (tmp_path / "map.png").exists()
        temporary.write_bytes(b"picture")
    assert _names(tmp_path) == ["map.png"]


def test_a_failure_while_writing_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "older")
    with pytest.raises(RuntimeError, match="halfway"), atomic_path(path) as temporary:
        temporary.write_text("hal")
        raise RuntimeError("halfway")
    assert path.read_text() == "older"
    assert _names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_older_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "older")
    monkeypatch.setattr(os, call, _full)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "newer")
    assert path.read_text() == "older"
    assert _names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_no_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(os, call, _full)
    with pytest.raises(OSError, match="No space left"):
        write_text(tmp_path / "a.txt", "newer")
    assert _names(tmp_path) == []


def test_the_content_reaches_the_disk_before_the_name_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def recorded(name: str) -> Callable[..., object]:
        real = getattr(os, name)

        def call(*arguments: object) -> object:
            calls.append(name)
            return real(*arguments)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, recorded(name))
    write_text(tmp_path / "a.txt", "x")
    assert calls == ["fsync", "replace", "fsync"]  # the content, the name, the folder's entry


def test_a_folder_is_made_and_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "model"
    _write_folder(path, "first")
    (path / "stale.txt").write_text("of the first version")
    _write_folder(path, "second")
    assert (path / "inner" / "a.txt").read_text() == "second"
    assert _names(path) == ["inner"]
    assert _names(path.parent) == ["model"]


def test_a_failure_while_filling_a_folder_leaves_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "model"
    _write_folder(path, "older")
    with pytest.raises(RuntimeError, match="halfway"), atomic_folder(path) as folder:
        (folder / "a.txt").write_text("newer")
        raise RuntimeError("halfway")
    assert (path / "inner" / "a.txt").read_text() == "older"
    assert _names(tmp_path) == ["model"]


@pytest.mark.parametrize("good_calls", [0, 1])
def test_a_full_disk_leaves_the_older_folder_whichever_rename_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good_calls: int
) -> None:
    path = tmp_path / "model"
    _write_folder(path, "older")
    real = os.replace
    left = iter([real] * good_calls + [_full])
    monkeypatch.setattr(os, "replace", lambda *paths: next(left, real)(*paths))
    with pytest.raises(OSError, match="No space left"):
        _write_folder(path, "newer")
    assert (path / "inner" / "a.txt").read_text() == "older"
    assert _names(tmp_path) == ["model"]


def test_a_full_disk_before_the_renames_leaves_the_older_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    _write_folder(path, "older")
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(OSError, match="No space left"):
        _write_folder(path, "newer")
    assert (path / "inner" / "a.txt").read_text() == "older"
    assert _names(tmp_path) == ["model"]
