"""Styles and scripts of the pages that an evaluation writes; they are copied into the pages."""

from __future__ import annotations

from functools import cache
from importlib import resources

__all__ = ["REPORT_STYLES", "STUDY_SCRIPTS", "STUDY_STYLES", "text_of"]

_FOLDER = resources.files("sinopia.inference.evaluation") / "static"

REPORT_STYLES = ("theme.css", "report.css")
STUDY_STYLES = ("theme.css", "study.css")
STUDY_SCRIPTS = ("study.js",)


@cache
def text_of(names: tuple[str, ...]) -> str:
    """The text of some files of `static`, one after the other."""
    return "".join((_FOLDER / each).read_text(encoding="utf-8") for each in names)
