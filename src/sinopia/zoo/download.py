"""Fetch a published weight file, or copy a local one, and keep it only if it is the right one."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sinopia.errors import ModelError
from sinopia.files import atomic_path
from sinopia.zoo.catalog import WeightFile, weights_folder

__all__ = ["ByteStream", "copy_file", "download_file", "open_https"]

_CHUNK_BYTES = 2**20
_TIMEOUT_SECONDS = 30.0

Progress = Callable[[int], None]
"""Called with the number of bytes so far."""


class ByteStream(Protocol):
    """What an opener returns."""

    def read(self, size: int, /) -> bytes: ...


Opener = Callable[[str], AbstractContextManager[ByteStream]]


def download_file(
    file: WeightFile,
    *,
    report: Progress | None = None,
    open_url: Opener | None = None,
) -> Path:
    """Fetch a file from its url into the weights folder; returns its path.

    Reads no more than the size that the catalog gives; size and SHA-256 must be right. `open_url`
    is `open_https` unless a test gives another.

    Raises:
        ModelError: when it cannot be fetched or is not the file that the catalog names.
        OSError: when the place cannot be written or the disk is full; nothing is left behind.
    """
    try:
        with (open_url or open_https)(file.url) as stream:
            return _keep(file, stream, source=file.url, report=report)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
        raise ModelError(
            f"could not download {file.url}: {error}. Fetch it in another way and give it: "
            f"sinopia models pull {file.name} --from FILE"
        ) from None


def copy_file(file: WeightFile, source: str | Path, *, report: Progress | None = None) -> Path:
    """Copy a local file into the weights folder, with the checks of `download_file`.

    Raises:
        ModelError: when there is no such file or it is not the one that the catalog names.
        OSError: when the place cannot be written or the disk is full; nothing is left behind.
    """
    source = Path(source)
    if not source.is_file():
        raise ModelError(f"no file at {source}; expected {file.file_name}.")
    with source.open("rb") as stream:
        return _keep(file, stream, source=str(source), report=report)


def open_https(url: str) -> AbstractContextManager[ByteStream]:
    """Open an https url; redirects may lead to https only.

    Raises:
        ModelError: for another kind of url.
        OSError: when the server cannot be reached or answers with an error.
    """
    _require_https(url)
    opener = urllib.request.build_opener(HttpsRedirects())
    request = urllib.request.Request(url, headers={"User-Agent": "sinopia"})
    return opener.open(request, timeout=_TIMEOUT_SECONDS)


class HttpsRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https urls only."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        _require_https(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_https(url: str) -> None:
    if not url.lower().startswith("https://"):
        raise ModelError(f"refused to open {url}: files are fetched over https only.")


def _keep(file: WeightFile, stream: ByteStream, *, source: str, report: Progress | None) -> Path:
    target = weights_folder() / file.file_name
    digest = hashlib.sha256()
    num_bytes = 0
    with atomic_path(target) as temporary:
        with temporary.open("wb") as output:
            while chunk := stream.read(_CHUNK_BYTES):
                num_bytes += len(chunk)
                if num_bytes > file.num_bytes:
                    raise ModelError(
                        f"{source} is larger than {file.file_name} ({file.num_bytes:,} bytes): "
                        f"it is another file. Nothing was kept."
                    )
                digest.update(chunk)
                output.write(chunk)
                if report is not None:
                    report(num_bytes)
        if num_bytes != file.num_bytes:
            raise ModelError(
                f"{source} is cut short: {num_bytes:,} of {file.num_bytes:,} bytes came. Nothing "
                f"was kept; try again."
            )
        if not digest.hexdigest().startswith(file.sha256):
            raise ModelError(
                f"{source} is not {file.file_name}: its SHA-256 begins with "
                f"{digest.hexdigest()[:12]}, expected {file.sha256}. Nothing was kept."
            )
    return target
