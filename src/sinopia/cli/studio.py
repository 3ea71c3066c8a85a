"""`sinopia studio`: the painting app in the browser."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sinopia.cli.paint import DEFAULT_MODEL, PrecisionChoice
from sinopia.errors import ConfigError

if TYPE_CHECKING:
    import socket

    from sinopia.studio.security import Policy

__all__ = ["studio"]

_EXTRA = ("fastapi", "uvicorn", "websockets")


def studio(
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|DIR",
            help="A model to offer beside those that have a name; the first is chosen at the "
            "start. May be given several times.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8420,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Others than this machine's need --token.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            envvar="SINOPIA_TOKEN",
            help="Secret that every visitor needs once: open /?token=TOKEN.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page when the server is up.")
    ] = True,
    device: Annotated[str, typer.Option(help="Where to compute: cpu or cuda.")] = "cpu",
    precision: Annotated[
        PrecisionChoice, typer.Option(help="Numbers to compute with; auto: the faster ones here.")
    ] = PrecisionChoice.auto,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Threads that paint; by default one less than there are cores: the browser needs "
            "one, and a team that waits for one of its own is slower than a smaller team.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Paint in the browser: the picture appears while the pen is down.

    The server answers this machine alone unless --host says otherwise. Ctrl-C ends it.

    \b
    Examples:
      sinopia studio
      sinopia studio --model runs/coast/model --port 0
      SINOPIA_TOKEN=a-long-secret-of-your-own sinopia studio --host 0.0.0.0
    """
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the studio needs {', '.join(missing)}, which is not installed here: "
            f"pip install 'sinopia[studio]'."
        )
    from sinopia.studio.security import Policy

    policy = Policy(host=host, token=token)

    from sinopia.studio.server import open_socket

    listener = open_socket(host, port)
    try:
        _set_threads(threads)
        ended = _serve(listener, policy, model or [DEFAULT_MODEL], device, precision, opens=browser)
    finally:
        listener.close()
    if ended == signal.SIGINT:
        raise KeyboardInterrupt
    if ended is not None:  # end as the signal asks; a painting under way is not waited for
        signal.signal(ended, signal.SIG_DFL)
        signal.raise_signal(ended)


def _serve(
    listener: socket.socket,
    policy: Policy,
    models: list[str],
    device: str,
    precision: PrecisionChoice,
    *,
    opens: bool,
) -> signal.Signals | None:
    """Serve until a signal comes, and return it."""
    import asyncio
    import webbrowser

    from sinopia.studio.models import ModelShelf
    from sinopia.studio.server import serve
    from sinopia.studio.studio import Studio

    shelf = ModelShelf(models, device=device, precision=precision.value)
    url = _url(policy.host, listener.getsockname()[1])

    def announce() -> None:
        hint = "" if policy.token is None else " (the first time: /?token=TOKEN)"
        print(f"sinopia studio: {url}{hint}", flush=True)
        if opens and policy.token is None and _has_screen():
            webbrowser.open(url)

    async def run() -> signal.Signals | None:
        return await serve(Studio(shelf), policy, listener, on_start=announce)

    return asyncio.run(run())


def _set_threads(count: int | None) -> None:
    import torch

    if count is None:  # never more than OMP_NUM_THREADS allows
        count = max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) - 1))
    torch.set_num_threads(count)


def _url(host: str, port: int) -> str:
    """Where the page is, from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _has_screen() -> bool:
    """Whether a person looks on: elsewhere a browser of the terminal would open."""
    if not sys.stdout.isatty():
        return False
    is_linux = sys.platform.startswith("linux")
    return not is_linux or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
