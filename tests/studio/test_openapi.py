from __future__ import annotations

import re

from tests.golden import files, studio
from tests.studio.wire import Running


def test_the_routes_are_those_that_were_agreed() -> None:
    files.check_text(studio.ROUTES_FILE, studio.routes())


def test_the_schema_is_served_and_no_page_of_it(server: Running) -> None:
    schema = server.http.get("/api/openapi.json").json()
    assert schema["openapi"].startswith("3.")
    assert not re.search(r"https?://(?!127)", server.http.get("/api/openapi.json").text)
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert server.http.get(path).status_code == 404


def test_every_route_says_how_it_refuses(server: Running) -> None:
    schema = server.http.get("/api/openapi.json").json()
    for path, path_routes in schema["paths"].items():
        for route in path_routes.values():
            if path != "/healthz":
                assert {"413", "422"} <= set(route["responses"]), path
