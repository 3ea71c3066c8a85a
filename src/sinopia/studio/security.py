"""Who may talk to the studio: checks of every request before any other code sees it.

- Host must name this server: a foreign page that lets its own name point here (DNS rebinding) sends
  its name. Under a wildcard address any IP address is accepted, which no page can rebind.
- Origin, where it is sent, must be this server's. Browsers send it with every WebSocket and every
  POST, so a page elsewhere can do neither; a WebSocket without it is refused. Programs that are no
  browsers need not send it with HTTP.
- Sec-Fetch-Site, where it is sent, must not say that another site asks, except to open the page.
- With a token, everything but /healthz needs it: as `Authorization: Bearer`, or in a cookie, which
  `GET /?token=...` sets.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sinopia.errors import ConfigError

__all__ = ["COOKIE", "HEADERS", "Guard", "Policy", "is_loopback"]

COOKIE = "sinopia-token"

HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
"""Sent with every answer."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,256}")
_POLICY_VIOLATION = 1008


@dataclass(frozen=True)
class Policy:
    """Under which names the studio is reached, and the token if it needs one.

    Raises:
        ConfigError: for a host other than this machine without a token, and a token that is short
            or holds other characters than a cookie and an address may.
    """

    host: str = "127.0.0.1"
    """The address that the server listens on."""
    token: str | None = None

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            raise ConfigError(
                f"--host {self.host} lets other machines in, so it needs --token TOKEN too: a "
                f"secret of 16 characters or more. Or leave --host out, to serve this machine only."
            )
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise ConfigError(
                "--token: expected 16 to 256 letters, digits or any of . _ ~ -. For example the "
                'output of: python -c "import secrets; print(secrets.token_urlsafe())".'
            )

    def serves(self, host: str) -> bool:
        """Whether a Host header names this server; its port may be any, as behind a tunnel."""
        name = _host_name(host)
        if name is None:
            return False
        if name in _LOOPBACK or name == self.host.lower():
            return True
        return _is_wildcard(self.host) and _is_address(name)

    def knows(self, token: str) -> bool:
        """Whether a token is the right one, in a time that says nothing about it."""
        assert self.token is not None, "there is a token to compare with"
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())


@dataclass(frozen=True, eq=False)
class Guard:
    """An ASGI app before another one, for HTTP and WebSockets alike."""

    app: ASGIApp
    policy: Policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                await self.app(scope, receive, send)
            else:
                await receive()  # websocket.connect
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_headers(message.get("headers", ()))
            await send(message)

        if refusal is not None:
            await _send_problem(send_with_headers, *refusal)
        elif self.policy.token is not None and _query_token(scope) is not None:
            await _send_cookie(send_with_headers, self.policy.token)
        else:
            await self.app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and message for a request that may not pass."""
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or not self.policy.serves(hosts[0]):
            return 403, (
                f"expected a Host header that names this studio, such as localhost or "
                f"{self.policy.host}; open it under that address."
            )
        is_websocket = scope["type"] == "websocket"
        origins = _values(scope, b"origin")
        if (is_websocket or origins) and not _is_same_origin(origins, hosts[0]):
            return 403, "expected a request of the studio's own page; another page may not ask."
        opens_page = scope.get("method") in ("GET", "HEAD") and scope["path"] == "/"
        site = _values(scope, b"sec-fetch-site")
        if site and not opens_page and any(each not in ("same-origin", "none") for each in site):
            return 403, "expected a request of the studio's own page; another site may not ask."
        if self.policy.token is None or scope["path"] == "/healthz":
            return None
        if any(self.policy.knows(token) for token in _tokens(scope)):
            return None
        return 401, (
            "this studio needs its token: open /?token=TOKEN once, or send the header "
            "Authorization: Bearer TOKEN."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_wildcard(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_unspecified


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _host_name(host: str) -> str | None:
    """The name in a Host header, without port and brackets; None when it is malformed."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?", host)
    return None if match is None else match[1].strip("[]").lower()


def _is_same_origin(origins: list[str], host: str) -> bool:
    if len(origins) != 1:
        return False
    try:
        origin = urlsplit(origins[0])
    except ValueError:
        return False
    return origin.scheme in ("http", "https") and origin.netloc.lower() == host.lower()


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _query_token(scope: Scope) -> str | None:
    """The token in the address of the page."""
    if scope.get("method") != "GET" or scope["path"] != "/":
        return None
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token")
    return None if values is None else values[0]


def _tokens(scope: Scope) -> Iterable[str]:
    """Everything in a request that claims to be the token."""
    for value in _values(scope, b"authorization"):
        kind, _, token = value.partition(" ")
        if kind.lower() == "bearer":
            yield token.strip()
    for value in _values(scope, b"cookie"):
        try:
            cookie = SimpleCookie(value).get(COOKIE)
        except CookieError:
            continue
        if cookie is not None:
            yield cookie.value
    if scope["type"] == "http" and (token := _query_token(scope)) is not None:
        yield token


def _with_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = list(headers)
    names = {key.lower() for key, _ in given}
    ours = [(key.encode(), value.encode()) for key, value in HEADERS.items()]
    if b"cache-control" not in names:
        ours.append((b"cache-control", b"no-store"))
    return [*given, *ours]


async def _send_problem(send: Send, status: int, message: str) -> None:
    body = json.dumps({"problem": message}).encode()
    await _send(send, status, [(b"content-type", b"application/json")], body)


async def _send_cookie(send: Send, token: str) -> None:
    """Keep the token in a cookie, and take it out of the address."""
    cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict"
    await _send(send, 303, [(b"location", b"/"), (b"set-cookie", cookie.encode())], b"")


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
