from __future__ import annotations

import hashlib
import threading
import urllib.request
from collections.abc import Iterator
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest

from sinopia.errors import ModelError
from sinopia.zoo.catalog import WeightFile, weights_folder
from sinopia.zoo.download import HttpsRedirects, copy_file, download_file, open_https

CONTENT = bytes(range(256)) * 12_000  # three chunks


class Server(BaseHTTPRequestHandler):
    """/whole, /short (closes early), /long, /other, and 404 for the rest."""

    def do_GET(self) -> None:
        bodies = {
            "/whole": CONTENT,
            "/short": CONTENT[:-1],
            "/long": CONTENT + b"x",
            "/other": CONTENT[::-1],
            "/broken": CONTENT[:1000],
        }
        if self.path not in bodies:
            self.send_error(404)
            return
        self.send_response(200)
        length = len(CONTENT) if self.path == "/broken" else len(bodies[self.path])
        self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            self.wfile.write(bodies[self.path])
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client had seen enough

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SINOPIA_HOME", str(tmp_path))
    return tmp_path


def entry(url: str) -> WeightFile:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return WeightFile("net", "a network", url, len(CONTENT), digest[:8], "none")


def open_http(url: str):  # the same without the demand for https
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10)


def left_over() -> list[Path]:
    return [each for each in weights_folder().rglob("*") if each.is_file()]


def test_download(address: str) -> None:
    steps: list[int] = []
    path = download_file(entry(f"{address}/whole"), report=steps.append, open_url=open_http)
    assert path == weights_folder() / "whole"
    assert path.read_bytes() == CONTENT
    assert steps == [2**20, 2**21, len(CONTENT)]
    assert left_over() == [path]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("short", r"cut short: 3,071,999 of 3,072,000 bytes"),
        ("long", r"larger than long \(3,072,000 bytes\)"),
        ("other", r"is not other: its SHA-256 begins with"),
        ("broken", r"could not download|cut short"),
        ("absent", r"could not download .*404.* sinopia models pull net --from FILE"),
    ],
)
def test_what_is_not_the_file_is_not_kept(address: str, page: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        download_file(entry(f"{address}/{page}"), open_url=open_http)
    assert left_over() == []


def test_an_older_file_stays_when_the_new_one_is_bad(address: str) -> None:
    weights_folder().mkdir()
    (weights_folder() / "other").write_text("older")
    with pytest.raises(ModelError):
        download_file(entry(f"{address}/other"), open_url=open_http)
    assert (weights_folder() / "other").read_text() == "older"


def test_no_server() -> None:
    with pytest.raises(ModelError, match="could not download"):
        download_file(entry("http://127.0.0.1:9/x"), open_url=open_http)


def test_only_https(address: str) -> None:
    for url in (f"{address}/whole", "file:///etc/hostname", "ftp://host/x"):
        with pytest.raises(ModelError, match="over https only"):
            download_file(entry(url))
        with pytest.raises(ModelError, match="over https only"):
            open_https(url)
    assert left_over() == []


def test_redirects_lead_to_https_only() -> None:
    request = urllib.request.Request("https://host/a")
    arguments = (request, BytesIO(), 302, "Found", HTTPMessage())
    handler = HttpsRedirects()
    followed = handler.redirect_request(*arguments, "https://mirror/a")
    assert followed is not None
    assert followed.full_url == "https://mirror/a"
    with pytest.raises(ModelError, match="refused to open http://mirror/a"):
        handler.redirect_request(*arguments, "http://mirror/a")


def test_copy(tmp_path: Path) -> None:
    file = entry("https://host/net.pth")
    (tmp_path / "download").write_bytes(CONTENT)
    path = copy_file(file, tmp_path / "download")
    assert path == weights_folder() / "net.pth"
    assert path.read_bytes() == CONTENT
    (tmp_path / "download").write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(ModelError, match=r"download is not net\.pth: its SHA-256"):
        copy_file(file, tmp_path / "download")
    with pytest.raises(ModelError, match=r"no file at .*; expected net\.pth"):
        copy_file(file, tmp_path / "nothing")
    assert path.read_bytes() == CONTENT
