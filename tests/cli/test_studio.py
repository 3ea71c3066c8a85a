from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from sinopia.studio.server import open_socket
from tests.cli.command_line import CommandLine


def test_other_hosts_need_a_token(command_line: CommandLine) -> None:
    message = command_line.refuse("studio", "--host", "0.0.0.0", "--no-browser")
    assert "--host 0.0.0.0 lets other machines in, so it needs --token" in message


def test_short_tokens_are_refused_and_not_repeated(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = command_line.refuse("studio", "--token", "hunter2")
    assert "expected 16 to 256 letters" in message
    assert "hunter2" not in message
    monkeypatch.setenv("SINOPIA_TOKEN", "hunter3")
    assert "hunter3" not in command_line.refuse("studio")


def test_a_taken_port(command_line: CommandLine) -> None:
    with open_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        message = command_line.refuse("studio", "--port", port, "--no-browser")
    assert message.startswith(f"cannot listen on 127.0.0.1, port {port}: ")
    assert message.count("\n") == 0


def test_a_missing_extra(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "fastapi" else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    message = command_line.refuse("studio", "--no-browser")
    assert message == (
        "the studio needs fastapi, which is not installed here: pip install 'sinopia[studio]'."
    )


def test_models_that_cannot_be_offered(command_line: CommandLine, tmp_path: Path) -> None:
    command = ("studio", "--no-browser", "--port", "0", "--model")
    assert "no model 'nowhere'" in command_line.refuse(*command, "nowhere")
    assert "is not a model folder" in command_line.refuse(*command, tmp_path)
    message = command_line.refuse("studio", "--no-browser", "--port", "0", "--device", "abacus")
    assert "torch knows no such device" in message
