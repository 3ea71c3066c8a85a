"""The application of the studio: routes, refusals in words, and the guard before all of it."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

import sinopia
from sinopia.errors import FileFormatError, ModelError, SinopiaError
from sinopia.studio.routes import examples, label_maps, live, models, pictures, projects
from sinopia.studio.schemas import Health
from sinopia.studio.security import Guard, Policy
from sinopia.studio.studio import Studio

__all__ = ["create_app"]

_ROUTERS = (
    models.router,
    pictures.router,
    label_maps.router,
    projects.router,
    examples.router,
    live.router,
)


def create_app(studio: Studio, policy: Policy) -> Guard:
    """The ASGI application of one studio."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await studio.clients.close()
        studio.turns.close()

    app = FastAPI(
        title="sinopia studio",
        version=_version(),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.studio = studio
    for router in _ROUTERS:
        app.include_router(router)
    app.add_exception_handler(SinopiaError, _refuse)
    app.add_exception_handler(StarletteHTTPException, _refuse_status)
    app.add_exception_handler(RequestValidationError, _refuse_value)
    app.add_exception_handler(Exception, _fail)

    # Where the system's table says otherwise, browsers would not run the modules.
    mimetypes.add_type("text/javascript", ".js")
    mimetypes.add_type("text/css", ".css")
    folder = Path(str(resources.files("sinopia.studio") / "static"))

    @app.get("/healthz", tags=["server"])
    def health() -> Health:
        """Whether the server answers; needs no token."""
        return Health(version=_version())

    @app.get("/", include_in_schema=False)
    def index() -> FileResponse:
        return FileResponse(
            folder / "index.html", media_type="text/html", headers={"Cache-Control": "no-cache"}
        )

    app.mount("/static", StaticFiles(directory=folder))
    return Guard(app, policy)


def _version() -> str:
    """The version, as far as there is one: a checkout that is not installed has none."""
    try:
        return sinopia.__version__
    except PackageNotFoundError:
        return "not installed"


def _problem(status: int, message: str) -> JSONResponse:
    return JSONResponse({"problem": message}, status_code=status)


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    status = 422
    if isinstance(error, ModelError):
        status = 404
    elif isinstance(error, FileFormatError):
        status = 415
    return _problem(status, str(error))


async def _refuse_status(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)
    message = error.detail
    if error.status_code == 404 and message == "Not Found":
        message = "there is nothing at this address; /api/openapi.json lists what there is."
    elif error.status_code == 405:
        message = f"{request.method} is not possible here; /api/openapi.json lists what is."
    response = _problem(error.status_code, message)
    response.headers.update(error.headers or {})
    return response


async def _refuse_value(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return _problem(422, f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}.")


async def _fail(request: Request, error: Exception) -> JSONResponse:
    return _problem(
        500, "the studio failed to do this; its terminal says more. Your work is not lost."
    )
