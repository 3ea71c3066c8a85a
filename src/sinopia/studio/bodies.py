"""Bodies of requests, read only as far as they may go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

__all__ = ["MAP_BYTES", "PHOTO_BYTES", "PROJECT_BYTES", "body_of", "read_body"]

MAP_BYTES = (16 << 20) + (1 << 20) + 4
"""A label map of 4096x4096 ids with the header of its frame; or a file of one."""

PHOTO_BYTES = 20 << 20

PROJECT_BYTES = 64 << 20

_SECONDS = 60.0


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body of a request.

    Raises:
        HTTPException: 413 when it says that it is longer than the limit, or turns out to be; 408
            when it does not arrive.
    """
    problem = f"expected a body of up to {limit:,} bytes; send a smaller file."
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise HTTPException(400, "expected Content-Length to be a number.")
    if int(declared) > limit:
        raise HTTPException(413, problem)
    content = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for part in request.stream():
                if len(content) + len(part) > limit:
                    raise HTTPException(413, problem)
                content += part
    except TimeoutError:
        raise HTTPException(
            408, f"expected the whole body within {_SECONDS:.0f} seconds; send it again."
        ) from None
    except ClientDisconnect:
        raise HTTPException(400, "the body was cut short.") from None
    return bytes(content)


def body_of(limit: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that gives the body."""

    async def read(request: Request) -> bytes:
        return await read_body(request, limit)

    return read
