"""Runs the command line within the test's process, as the installed script would."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from sinopia.cli.main import main

__all__ = ["CommandLine", "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """`run("paint", path)` is `sinopia paint PATH`."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: object) -> Outcome:
        self.monkeypatch.setattr(sys, "argv", ["sinopia", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.err
        return Outcome(int(ended.value.code or 0), captured.out, captured.err)

    def refuse(self, *arguments: object) -> str:
        """The message of a command that must end with code 2 and one message."""
        outcome = self.run(*arguments)
        assert outcome.code == 2, outcome
        assert outcome.out == ""
        assert outcome.err.startswith("error: ")
        return outcome.err.removeprefix("error: ").rstrip("\n")
