"""What FastAPI cannot see of the routes: raw bodies, frames and pictures."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from sinopia.studio.frames import FRAME_TYPE
from sinopia.studio.schemas import Problem

__all__ = [
    "PHOTO_BODY",
    "PNG_BODY",
    "PROBLEMS",
    "ZIP_TYPE",
    "body_of_type",
    "frame_body",
    "frame_response",
    "picture_response",
]

ZIP_TYPE = "application/zip"

_BINARY = {"type": "string", "format": "binary"}
_REFUSALS = (400, 401, 403, 404, 413, 415, 422)

PROBLEMS: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in _REFUSALS}
"""Answers to requests that cannot be served."""


def body_of_type(*types: str) -> dict[str, Any]:
    """A body of raw bytes."""
    content = {each: {"schema": _BINARY} for each in types}
    return {"requestBody": {"required": True, "content": content}}


PHOTO_BODY = body_of_type("image/png", "image/jpeg", "image/webp")
PNG_BODY = body_of_type("image/png")


def frame_body(header: type[BaseModel]) -> dict[str, Any]:
    """A body that is a frame with such a header."""
    return {"requestBody": {"required": True, "content": _frame(header)}}


def frame_response(header: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """An answer that is a frame with such a header."""
    return {200: {"description": "A frame", "content": _frame(header)}}


def picture_response(*types: str) -> dict[int | str, dict[str, Any]]:
    """An answer of raw bytes."""
    return {
        200: {"description": "A file", "content": {each: {"schema": _BINARY} for each in types}}
    }


def _frame(header: type[BaseModel]) -> dict[str, Any]:
    schema = header.model_json_schema(ref_template="#/x-sinopia-header/$defs/{model}")
    return {FRAME_TYPE: {"schema": _BINARY, "x-sinopia-header": schema}}
