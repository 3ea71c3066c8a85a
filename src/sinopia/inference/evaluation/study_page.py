"""study.html: two pictures of one map, again and again, in one file that knows no model.

The page loads nothing and sends nothing: its policy allows its own style, its own script and
pictures within it. Whoever answers saves the answers as a file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from sinopia.files import write_text
from sinopia.inference.evaluation.gallery import encode_map
from sinopia.inference.evaluation.page_files import STUDY_SCRIPTS, STUDY_STYLES, text_of
from sinopia.scene.label_map import LabelMap

__all__ = ["PAGE_FILE", "PageTrial", "write_page"]

PAGE_FILE = "study.html"

_TITLE = "Two pictures of one map"

_BEGINNING = """<section id="start" class="words" hidden>
<h2>Which looks more like a photo?</h2>
<p>This page shows maps, {count} in all, each with two pictures that were painted from it. The
colours of a map say what is where. Choose the picture that looks more like a photo of this map.
There is no right answer; the first impression counts.</p>
<dl>
<dt><b>Left</b>, <b>Right</b></dt><dd>Choose that picture: press it<span class="keys">, or
<kbd>&larr;</kbd> <kbd>&rarr;</kbd>, or <kbd>1</kbd> <kbd>2</kbd></span>.</dd>
<dt><b>Cannot tell</b></dt><dd>If neither is better<span class="keys">: <kbd>&darr;</kbd> or
<kbd>3</kbd></span>.</dd>
<dt><b>Back</b></dt><dd>Correct the last answer<span class="keys">:
<kbd>Backspace</kbd></span>.</dd>
</dl>
<p class="soft">This page sends nothing. Your answers, and how long each took, stay in this browser
until you save them at the end as a file. You can close the page and go on later.</p>
<p class="row"><button id="begin" class="main" type="button">Begin</button></p>
</section>
"""

_END = """<section id="end" class="words" hidden>
<h2 tabindex="-1">Thank you</h2>
<p id="summary"></p>
<p>Save your answers and give the file to the person who asked you. It holds your choices, the time
each took, and a random number; nothing about you.</p>
<p class="row"><button id="save" class="main" type="button">Save my answers</button>
<button id="resume" type="button">Go on answering</button>
<button id="again" type="button" disabled>Next person</button></p>
<p id="saved" class="soft" role="status"></p>
</section>
"""

_FOOTER = """<footer id="tools" hidden>
<button id="back" type="button" aria-keyshortcuts="Backspace">Back <kbd aria-hidden="true">Backspace
</kbd></button>
<button id="stop" type="button">Stop here</button>
</footer>
"""


@dataclass(frozen=True, eq=False)
class PageTrial:
    """One question: a map and two pictures of it; whose they are is known elsewhere."""

    label_map: LabelMap
    left_jpeg: bytes
    right_jpeg: bytes


def write_page(folder: str | Path, study: str, trials: Sequence[PageTrial]) -> Path:
    """Write study.html into a folder, trials in the order given; returns its path.

    Raises:
        OSError: when the place cannot be written; nothing is left behind.
    """
    style, script = text_of(STUDY_STYLES), text_of(STUDY_SCRIPTS)
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    count = len(trials)
    sections = "".join(_trial(number, each) for number, each in enumerate(trials, start=1))
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">'
        f"<title>{_TITLE}</title><style>{style}</style></head>\n"
        f'<body data-study="{escape(study)}"><main>\n'
        f'<header><h1>{_TITLE}</h1><div id="status" class="status" hidden>'
        '<p id="count" role="status" aria-live="polite"></p>'
        f'<progress id="bar" max="{count}" value="0" aria-label="Answered"></progress></div>'
        "</header>\n"
        '<noscript><p class="warnings">This page needs JavaScript, which is switched off here. '
        "Allow it for this file, or open the file in another browser.</p></noscript>\n"
        '<p id="forgetful" class="warnings" role="alert" hidden>This browser keeps nothing for '
        "this page: do not close or reload it before you have saved your answers.</p>\n"
        f"{_BEGINNING.format(count=count)}{sections}{_END}{_FOOTER}</main><script>{script}</script></body></html>\n"
    )
    path = Path(folder) / PAGE_FILE
    write_text(path, page)
    return path


def _hash(text: str) -> str:
    """As a content security policy names an inline style or script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _trial(number: int, trial: PageTrial) -> str:
    label_map = trial.label_map
    height, width = label_map.size_hw
    # The largest areas come first; classes that the map does not hold are left out.
    counts = label_map.pixel_counts()
    class_ids = [int(each) for each in np.argsort(-counts, kind="stable") if counts[each]]
    names = [label_map.vocabulary.name_of(each) for each in class_ids]
    legend = "".join(
        f"<li>{_swatch(label_map, class_id)}{escape(name)}</li>"
        for class_id, name in zip(class_ids, names, strict=True)
    )
    size = f'width="{width}" height="{height}"'
    map_source = base64.b64encode(encode_map(label_map)).decode("ascii")
    pictures = "".join(
        f'<button class="picture {side}" type="button" data-choice="{side}" '
        f'aria-keyshortcuts="{keys}"><img {size} alt="Picture {number}, {side}" decoding="sync" '
        f'src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode("ascii")}">'
        f'<span>{side.capitalize()} <kbd aria-hidden="true">{arrow}</kbd></span></button>\n'
        for side, keys, arrow, jpeg in (
            ("left", "ArrowLeft 1", "&larr;", trial.left_jpeg),
            ("right", "ArrowRight 2", "&rarr;", trial.right_jpeg),
        )
    )
    return (
        f'<section class="trial" aria-labelledby="question-{number}" hidden>\n'
        f'<h2 id="question-{number}" tabindex="-1">Which one looks more like a photo of this map?'
        f'</h2>\n<div class="board">\n<figure><img {size} '
        f'alt="Map {number}: {escape(", ".join(names))}" '
        f'src="data:image/png;base64,{map_source}">'
        f'<figcaption><ul class="legend">{legend}</ul></figcaption></figure>\n{pictures}'
        '<button class="neither" type="button" data-choice="neither" '
        'aria-keyshortcuts="ArrowDown 3">Cannot tell <kbd aria-hidden="true">&darr;</kbd></button>'
        "\n</div></section>\n"
    )


def _swatch(label_map: LabelMap, class_id: int) -> str:
    """A square of a class's colour; its attribute, unlike a style, passes the page's policy."""
    color = "#{:02x}{:02x}{:02x}".format(*label_map.vocabulary.palette[class_id])
    return (
        '<svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<path fill="{color}" d="M0 0h1v1H0z"/></svg>'
    )
