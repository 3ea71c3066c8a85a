"""The routes of the studio and the shapes of what they take and give."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI

from sinopia.studio.app import create_app
from sinopia.studio.models import ModelShelf
from sinopia.studio.security import Policy
from sinopia.studio.studio import Studio

ROUTES_FILE = "studio_routes.json"


def routes() -> str:
    """The OpenAPI schema without its prose and without the version of sinopia."""
    app = create_app(Studio(ModelShelf()), Policy()).app
    assert isinstance(app, FastAPI)
    schema = app.openapi()
    del schema["info"]
    return json.dumps(_without_prose(schema), indent=1, sort_keys=True) + "\n"


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        prose = ("description", "summary", "title", "operationId")
        return {
            key: _without_prose(each)
            for key, each in value.items()
            if not (key in prose and isinstance(each, str))
        }
    if isinstance(value, list):
        return [_without_prose(each) for each in value]
    return value
