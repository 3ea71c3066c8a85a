from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sinopia.errors import ModelError
from sinopia.zoo import catalog
from sinopia.zoo.catalog import (
    WEIGHT_FILES,
    available_models,
    find_model,
    find_weight_file,
    home_folder,
    models_folder,
    weights_folder,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SINOPIA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(catalog, "_SHIPPED", tmp_path / "shipped")
    return tmp_path / "home"


def put_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    return folder


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SINOPIA_HOME", str(tmp_path))
    assert home_folder() == tmp_path
    assert models_folder() == tmp_path / "models"
    assert weights_folder() == tmp_path / "weights"
    monkeypatch.delenv("SINOPIA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert home_folder() == tmp_path / "data" / "sinopia"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert home_folder() == tmp_path / ".local" / "share" / "sinopia"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert home_folder() == tmp_path / "Library" / "Application Support" / "sinopia"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert home_folder() == tmp_path / "local" / "sinopia"
    monkeypatch.delenv("LOCALAPPDATA")
    assert home_folder() == tmp_path / "AppData" / "Local" / "sinopia"


def test_names_and_paths(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available_models() == {}
    shipped = put_model(tmp_path / "shipped" / "scenery")
    mine = put_model(home / "models" / "mine")
    put_model(home / "models" / "scenery")  # the shipped one has the name
    put_model(home / "models" / ".mine-half-written")
    (home / "models" / "notes").mkdir()
    assert available_models() == {"scenery": shipped, "mine": mine}
    assert find_model("scenery") == shipped
    assert find_model("mine") == mine
    elsewhere = put_model(tmp_path / "elsewhere")
    assert find_model(elsewhere) == elsewhere
    assert find_model(str(elsewhere)) == elsewhere
    put_model(tmp_path / "work" / "scenery")
    monkeypatch.chdir(tmp_path / "work")
    assert find_model("scenery") == shipped
    assert find_model("./scenery") == Path("scenery")
    assert find_model(Path("scenery")) == Path("scenery")


def test_models_that_are_not_there(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'x': .* Known names: none"):
        find_model("x")
    put_model(home / "models" / "mine")
    with pytest.raises(ModelError, match=r"Known names: mine\. `sinopia models list`"):
        find_model("x")
    (tmp_path / "net_G.pth").write_text("")
    with pytest.raises(ModelError, match=r"is a file; a model is a folder\. `sinopia models imp"):
        find_model(tmp_path / "net_G.pth")


def test_weight_files(home: Path) -> None:
    assert find_weight_file("vgg19") is None
    file = WEIGHT_FILES["vgg19"]
    assert file.file_name == "vgg19-dcbb9e9d.pth"
    assert file.url.startswith("https://")
    assert all(each.num_bytes > 0 and each.licence for each in WEIGHT_FILES.values())
    weights_folder().mkdir(parents=True)
    (weights_folder() / file.file_name).write_text("")
    assert find_weight_file("vgg19") == weights_folder() / file.file_name
    shutil.rmtree(home)


def test_torch_is_not_imported() -> None:
    code = (
        "import sys, sinopia.zoo.catalog, sinopia.zoo.manifest, sinopia.zoo.download, "
        "sinopia.cli.models; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
