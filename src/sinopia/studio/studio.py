"""What the routes of one server share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from fastapi import Depends, HTTPException, Request
from starlette.requests import HTTPConnection

from sinopia.studio.live_clients import LiveClients
from sinopia.studio.models import ModelShelf
from sinopia.studio.turns import Busy, Turns

__all__ = ["CurrentStudio", "Studio", "studio_of"]

_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class Studio:
    """The models, the thread that paints, and the clients that paint live."""

    shelf: ModelShelf
    turns: Turns = field(default_factory=Turns)
    clients: LiveClients = field(default_factory=LiveClients)

    async def compute(self, request: Request, work: Callable[[], _Result]) -> _Result:
        """Do work for a request in the painting thread, unless its client goes away before.

        Raises:
            HTTPException: 503 when too much waits.
        """

        async def take() -> Callable[[], _Result] | None:
            return None if await request.is_disconnected() else work

        try:
            result = await self.turns.run(take)
        except Busy:
            raise HTTPException(
                503, "expected to paint, but too many pictures wait already; try again."
            ) from None
        if result is None:
            raise HTTPException(499, "the client went away.")
        return result


def studio_of(connection: HTTPConnection) -> Studio:
    """The studio that serves a request."""
    return connection.app.state.studio


CurrentStudio = Annotated[Studio, Depends(studio_of)]
