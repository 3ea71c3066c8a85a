"""Styles and scripts of the pages that an evaluation writes; they are copied into the pages."""

from __future__ import annotations

from functools import cache
from importlib import resources

__all__ = ["REPORT_STYLE", "STUDY_SCRIPT", "STUDY_STYLE", "page_file"]

_FOLDER = resources.files("sinopia.inference.evaluation") / "static"

REPORT_STYLE = ("theme.css", "report.css")
STUDY_STYLE = ("theme.css", "study.css")
STUDY_SCRIPT = ("study.js",)


@cache
def page_file(names: tuple[str, ...]) -> str:
    """The text of some files of `static`, one after the other."""
    return "".join((_FOLDER / each).read_text(encoding="utf-8") for each in names)
