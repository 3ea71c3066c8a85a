from __future__ import annotations

import errno
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

import sinopia
from sinopia.cli import main as main_module
from sinopia.errors import ModelError
from tests.cli.command_line import CommandLine

VERBS = ("paint", "studio", "train", "bench", "data", "models")


def run_python(code: str) -> str:
    """What a fresh interpreter prints for a program."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_sinopia_imports_neither_torch_nor_the_command_line() -> None:
    code = "import sinopia, sys; print(sorted({'torch', 'typer', 'rich'} & set(sys.modules)))"
    assert run_python(code) == "[]\n"


def test_help_does_not_import_torch() -> None:
    code = (
        "import sys; sys.argv = ['sinopia', '--help']\n"
        "from sinopia.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    print('ended', end.code, 'torch' in sys.modules)\n"
    )
    text = run_python(code)
    assert text.endswith("ended 0 False\n")
    assert all(verb in text for verb in VERBS)


def test_the_public_names_are_those_of_all() -> None:
    code = (
        "import sinopia, types\n"
        "names = {n for n in dir(sinopia) if not n.startswith('_')}\n"
        "values = {n: getattr(sinopia, n) for n in names}\n"
        "modules = {n for n, v in values.items() if isinstance(v, types.ModuleType)}\n"
        "extra = {'annotations', 'Path', 'TYPE_CHECKING'}\n"
        "print(sorted(names - modules - extra))"
    )
    public = sorted(set(sinopia.__all__) - {"__version__"})
    assert run_python(code) == f"{public}\n"


def test_every_public_name_is_there() -> None:
    for name in set(sinopia.__all__) - {"__version__"}:
        assert getattr(sinopia, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = sinopia.laod  # type: ignore[attr-defined]


def test_version(command_line: CommandLine) -> None:
    try:
        expected = version("sinopia")
    except PackageNotFoundError:
        pytest.skip("sinopia is not installed, only on the path")
    assert sinopia.__version__ == expected
    assert command_line.run("--version").out == f"sinopia {expected}\n"


def test_alone_it_prints_help(command_line: CommandLine) -> None:
    alone = command_line.run()
    assert alone.code == 0
    assert alone.out == command_line.run("--help").out
    assert "Usage: sinopia [OPTIONS] COMMAND" in alone.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(command_line: CommandLine, verb: str) -> None:
    outcome = command_line.run(verb, "--help")
    assert outcome.code == 0
    assert f"Usage: sinopia {verb}" in outcome.out


@pytest.mark.parametrize("verb", ["paint", "train"])
def test_verbs_show_three_examples(command_line: CommandLine, verb: str) -> None:
    lines = command_line.run(verb, "--help").out.splitlines()
    start = lines.index("  Examples:")
    assert all(line.startswith(f"    sinopia {verb} ") for line in lines[start + 1 : start + 4])


@pytest.mark.parametrize("arguments", [("pait",), ("--colour",), ("paint",), ("paint", "--n")])
def test_wrong_usage_ends_with_2(command_line: CommandLine, arguments: tuple[str, ...]) -> None:
    outcome = command_line.run(*arguments)
    assert outcome.code == 2
    assert "Usage: sinopia" in outcome.err


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ModelError("no model [red]x[/red] in [1, 2]"), "no model [red]x[/red] in [1, 2]"),
        (OSError(errno.ENOSPC, "No space left on device", "a.png"), "a.png: No space left"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("disk gone"), "disk gone"),
    ],
)
def test_errors_end_with_2_and_their_message_as_it_is(
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    message: str,
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(main_module, "app", fail)
    assert command_line.refuse("paint").startswith(message)


def test_ctrl_c_ends_with_130(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sinopia.cli.paint.find_maps", lambda maps: interrupt())
    assert command_line.run("paint", "a.png", "--out", "b").code == 130
    monkeypatch.setattr(main_module, "app", interrupt)
    assert command_line.run().code == 130


def test_our_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(main_module, "app", fail)
    with pytest.raises(KeyError):
        main_module.main()
