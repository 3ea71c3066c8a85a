"""The command line: all verbs, and how their errors end.

Modules of verbs import torch only inside their functions, so that `sinopia --help` is instant.
"""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

import sinopia
from sinopia.cli import data, models
from sinopia.cli.bench import bench
from sinopia.cli.evaluate import evaluate
from sinopia.cli.paint import paint
from sinopia.cli.studio import studio
from sinopia.cli.train import train
from sinopia.errors import SinopiaError

__all__ = ["app", "main"]

app = typer.Typer(
    name="sinopia",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("paint")(paint)
app.command("train")(train)
app.command("evaluate")(evaluate)
app.command("studio")(studio)
app.command("bench")(bench)
app.add_typer(data.app, name="data")
app.add_typer(models.app, name="models")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"sinopia {sinopia.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Turn label maps into pictures, and train models that do.

    \b
    Examples:
      sinopia paint map.png --out pictures
      sinopia models list
      sinopia train my-pairs/ --out runs/first
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """Run the command line; ends with 0, 2 for what the user can mend, 130 for Ctrl-C."""
    try:
        app(prog_name="sinopia")
    except SinopiaError as error:
        _end(str(error))
    except OSError as error:
        _end(_describe(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _end(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def _describe(error: OSError) -> str:
    """What the system says of a file, without its error number."""
    if error.strerror is None:
        return str(error)
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
