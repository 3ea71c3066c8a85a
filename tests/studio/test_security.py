"""The threats that concern who may ask: each test fails without its guard."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

import sinopia.studio
from sinopia.errors import ConfigError
from sinopia.studio.models import ModelShelf
from sinopia.studio.security import Policy, is_loopback
from sinopia.studio.studio import Studio
from tests.studio.wire import Running, running

TOKEN = "a-secret-of-25-characters"
FOREIGN = "http://evil.example"


@pytest.fixture(scope="module")
def closed(tiny_shelf: ModelShelf) -> Iterator[Running]:
    """A studio that needs its token."""
    with running(Studio(tiny_shelf), Policy(token=TOKEN)) as started:
        yield started


# Bind


def test_other_hosts_need_a_token() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.5", "studio.example"):
        with pytest.raises(ConfigError, match="needs --token"):
            Policy(host=host)
        assert Policy(host=host, token=TOKEN).host == host
    assert Policy().host == "127.0.0.1"
    for host in ("127.0.0.1", "localhost", "::1", "127.0.0.2"):
        assert is_loopback(host)
        Policy(host=host)
    assert not is_loopback("localhost.evil.example")


@pytest.mark.parametrize(
    "token", ["short", "x" * 257, "with a blank in the mid", 'quote"' * 4, "ü" * 20, ""]
)
def test_tokens_that_are_weak_or_unwieldy(token: str) -> None:
    with pytest.raises(ConfigError, match="expected 16 to 256 letters") as refusal:
        Policy(token=token)
    assert not token or token not in str(refusal.value)


# Host


@pytest.mark.parametrize(
    ("host", "is_served"),
    [
        ("localhost", True),
        ("LOCALHOST:8420", True),
        ("127.0.0.1:1", True),
        ("[::1]:8420", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost@evil.example", False),
        ("evil.example:127.0.0.1", False),
        ("192.168.1.5", False),
        ("", False),
        ("[::1", False),
    ],
)
def test_hosts_of_a_loopback_studio(host: str, is_served: bool) -> None:
    assert Policy().serves(host) == is_served


def test_hosts_of_other_studios() -> None:
    named = Policy(host="studio.example", token=TOKEN)
    assert named.serves("Studio.example:80")
    assert not named.serves("other.example")
    assert not named.serves("10.0.0.1")
    wildcard = Policy(host="0.0.0.0", token=TOKEN)
    assert wildcard.serves("10.0.0.1:8420")
    assert wildcard.serves("[fe80::1]:8420")
    assert not wildcard.serves("rebound.example")


def test_foreign_names_that_point_here_are_refused(server: Running) -> None:
    for path in ("/", "/healthz", "/api/models", "/static/index.html"):
        response = server.http.get(path, headers={"Host": "evil.example"})
        assert "Host header" in server.problem(response, 403)
    with pytest.raises(InvalidStatus) as refusal:
        server.live(origin=FOREIGN, additional_headers={"Host": "evil.example"})
    assert refusal.value.response.status_code == 403


def test_two_host_headers_are_refused(server: Running) -> None:
    for others in (b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n"):
        status, _ = server.raw(b"GET /healthz HTTP/1.1\r\n" + others + b"Connection: close\r\n\r\n")
        assert status in (400, 403)


# Origin


def test_pages_of_other_origins_may_not_ask(server: Running) -> None:
    others = (FOREIGN, "null", f"http://localhost:{server.port}", "http://127.0.0.1:1", "file://")
    for origin in others:
        for method, path in (("GET", "/api/models"), ("POST", "/api/projects/read")):
            response = server.http.request(method, path, headers={"Origin": origin})
            assert "another page" in server.problem(response, 403)
    own = server.http.post("/api/projects/read", headers={"Origin": server.origin})
    assert server.problem(own, 415)


def test_sockets_of_other_origins_are_refused(server: Running) -> None:
    for origin in (FOREIGN, None, "null", f"http://localhost:{server.port}"):
        with pytest.raises(InvalidStatus) as refusal:
            server.live(origin=origin)
        assert refusal.value.response.status_code == 403
    with server.live():
        pass


def test_other_sites_may_open_the_page_and_nothing_else(server: Running) -> None:
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site}
        assert server.http.get("/", headers=headers).status_code == 200
        assert server.problem(server.http.get("/api/models", headers=headers), 403)
    for site in ("same-origin", "none"):
        headers = {"Sec-Fetch-Site": site}
        assert server.http.get("/api/models", headers=headers).status_code == 200


def test_no_other_origin_is_ever_allowed(server: Running) -> None:
    response = server.http.request(
        "OPTIONS",
        "/api/pictures",
        headers={"Origin": FOREIGN, "Access-Control-Request-Method": "POST"},
    )
    assert response.status_code == 403
    for path in ("/", "/api/models"):
        names = {name.lower() for name in server.http.get(path).headers}
        assert not [name for name in names if name.startswith("access-control")]


# Headers


@pytest.mark.parametrize("path", ["/", "/api/models", "/static/index.html", "/nowhere", "/healthz"])
def test_every_answer_has_the_headers(server: Running, path: str) -> None:
    headers = server.http.get(path).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["img-src"] == "'self' blob: data:"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere(server: Running) -> None:
    page = server.http.get("/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)


# Token


def test_everything_but_the_health_needs_the_token(closed: Running) -> None:
    assert closed.http.get("/healthz").status_code == 200
    for method, path in (
        ("GET", "/"),
        ("GET", "/?token=wrong-but-long-enough-too"),
        ("GET", "/api/models"),
        ("GET", "/api/openapi.json"),
        ("GET", "/static/index.html"),
        ("GET", f"/api/models?token={TOKEN}"),
        ("POST", f"/?token={TOKEN}"),
        ("POST", "/api/pictures"),
        ("GET", "/healthz/../api/models"),
        ("GET", "/nowhere"),
    ):
        assert "needs its token" in closed.problem(closed.http.request(method, path), 401), path
    with pytest.raises(InvalidStatus) as refusal:
        closed.live()
    assert refusal.value.response.status_code == 403


def test_the_token_as_a_header(closed: Running) -> None:
    good = {"Authorization": f"Bearer {TOKEN}"}
    assert closed.http.get("/api/models", headers=good).status_code == 200
    with closed.live(additional_headers=good):
        pass
    for wrong in (f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", TOKEN):
        response = closed.http.get("/api/models", headers={"Authorization": wrong})
        assert closed.problem(response, 401)
    raw = closed.http.get("/api/models", headers=[(b"Authorization", b"Bearer \xff\xfe")])
    assert closed.problem(raw, 401)


def test_the_address_with_the_token_gives_a_cookie_and_goes(closed: Running) -> None:
    response = closed.http.get("/", params={"token": TOKEN})
    closed.http.cookies.clear()
    assert response.status_code == 303
    assert response.headers["location"] == "/"
    attributes = {each.strip().lower() for each in response.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=strict", "path=/"} < attributes
    assert TOKEN not in response.text
    cookie = response.headers["set-cookie"].split(";")[0]
    assert closed.http.get("/api/models", headers={"Cookie": cookie}).status_code == 200
    assert closed.http.get("/", headers={"Cookie": f"a=b; {cookie}"}).status_code == 200
    with closed.live(additional_headers={"Cookie": cookie}):
        pass
    assert closed.problem(closed.http.get("/", headers={"Cookie": cookie[:-1]}), 401)


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, right: bytes) -> bool:
        compared.append((given, right))
        return False

    monkeypatch.setattr("sinopia.studio.security.hmac.compare_digest", compare)
    assert not Policy(token=TOKEN).knows(TOKEN)
    assert compared == [(TOKEN.encode(), TOKEN.encode())]


# Paths, addresses


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e%5capp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/C:%5cWindows%5cwin.ini",
        "/static/core/%00",
        "/static/%ef%bc%8e%ef%bc%8e/app.py",
        "/static/..%c0%af../app.py",
        "/static/",
        "/static",
        "/static/core",
        "/app.py",
        "/file=/etc/passwd",
        "/api/models/..%2f..%2fetc/preview",
        "/api/models/%2fetc/preview",
        "/api/models/%00/preview",
        "/api/examples/..%2fcoast",
        "/api/examples/coast.png",
    ],
)
def test_no_address_leaves_the_pages(server: Running, path: str) -> None:
    request = httpx.Request("GET", server.origin)
    request.extensions["target"] = path.encode()
    response = server.http.send(request)
    assert response.status_code in (307, 404), response.status_code
    if response.status_code == 404:
        server.problem(response, 404)


def test_no_route_takes_an_address_or_a_path(server: Running) -> None:
    schema = server.http.get("/api/openapi.json").json()
    names = set()
    for path in schema["paths"].values():
        for route in path.values():
            names |= {each["name"] for each in route.get("parameters", [])}
    assert names == {"name", "seed", "model"}


# Bodies


def post_routes(server: Running) -> list[str]:
    schema = server.http.get("/api/openapi.json").json()
    paths = [path for path, routes in schema["paths"].items() if "post" in routes]
    assert len(paths) >= 7
    return [path.replace("{name}", "tiny") for path in paths]


def limit_of(path: str) -> int:
    if path.startswith("/api/projects"):
        return 64 << 20
    if path == "/api/pictures/read" or path.endswith("style-code"):
        return 20 << 20
    return (16 << 20) + (1 << 20) + 4


def test_no_body_is_read_that_says_it_is_too_long(server: Running) -> None:
    for path in post_routes(server):
        limit = limit_of(path)
        # No byte of the body is sent: an answer shows that none was waited for.
        status, answer = server.raw(
            f"POST {path}?model=tiny HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {limit + 1}\r\n\r\n".encode()
        )
        assert status == 413, path
        assert f"up to {limit:,} bytes".encode() in answer


def test_bodies_of_unknown_length_are_counted(server: Running) -> None:
    piece = bytes(1 << 20)
    for path in post_routes(server):
        sent = 0

        def pieces(limit: int = limit_of(path)) -> Iterator[bytes]:
            nonlocal sent
            for _ in range(limit // len(piece) + 50):
                sent += 1
                yield piece

        try:
            response = server.http.post(f"{path}?model=tiny", content=pieces())
        except httpx.HTTPError:
            continue  # it was cut off while it was sent
        assert "expected a body of up to" in server.problem(response, 413), path


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "1 1", "+5"])
def test_odd_lengths_are_refused(server: Running, length: str) -> None:
    status, _ = server.raw(
        f"POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        f"Connection: close\r\n\r\n".encode()
    )
    assert status == 400


def test_a_body_that_does_not_come_is_not_waited_for(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinopia.studio.bodies._SECONDS", 0.1)
    status, _ = server.raw(
        b"POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345"
    )
    assert status == 408


# What the server has no use for


BANNED = {
    "aiohttp",
    "ctypes",
    "ftplib",
    "http.client",
    "httpx",
    "joblib",
    "marshal",
    "pickle",
    "requests",
    "shelve",
    "shutil",
    "subprocess",
    "tempfile",
    "torch",
    "urllib.request",
}
BANNED_CALLS = {"eval", "exec", "compile", "__import__", "open"}


def test_nothing_here_unpickles_evaluates_fetches_writes_or_runs() -> None:
    files = list(Path(sinopia.studio.__path__[0]).rglob("*.py"))
    assert len(files) > 15
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
                names += [f"{node.module}.{each.name}" for each in node.names]
            assert not BANNED & set(names), (file, names)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in BANNED_CALLS, (file, node.func.id)
