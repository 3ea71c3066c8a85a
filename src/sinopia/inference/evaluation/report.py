"""report.html: an evaluation to read, in one file that loads nothing from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from sinopia.files import write_text
from sinopia.inference.evaluation.curves import curve_svg, read_curves
from sinopia.inference.evaluation.gallery import Gallery, Row
from sinopia.inference.evaluation.page_files import REPORT_STYLES, text_of
from sinopia.inference.evaluation.report_tables import class_table, number_table
from sinopia.inference.evaluation.results import EvaluationResult, ModelResult

__all__ = ["REPORT_FILE", "write_report"]

REPORT_FILE = "report.html"

_ROWS_EACH = 4


def write_report(folder: str | Path, result: EvaluationResult, gallery: Gallery) -> Path:
    """Write report.html into a folder; returns its path.

    Raises:
        OSError: when the place cannot be written; nothing is left behind.
    """
    title = " and ".join(each.name for each in result.models)
    parts = [
        _header(result, title),
        _warnings(result),
        "<h2>Numbers</h2>",
        number_table(result),
        _classes(result),
        _pictures(result, gallery),
        _variety(result, gallery),
        _curves(result.models),
        _provenance(result),
    ]
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - evaluation</title>"
        f"<style>{text_of(REPORT_STYLES)}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
    path = Path(folder) / REPORT_FILE
    write_text(path, page)
    return path


def _header(result: EvaluationResult, title: str) -> str:
    data, (height, width) = result.data, result.size_hw
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="soft">{data.num_maps:,} maps of {escape(data.name)} '
        f"({escape(data.split)}), {height}x{width} (height x width), "
        f"against {data.num_reference:,} photos ({escape(data.reference_split)}). "
        f"Protocol <b>{escape(result.protocol.name)}</b>, {escape(result.machine.date)}.</p>"
        f"<p>{escape(result.protocol.description)}</p>"
    )


def _warnings(result: EvaluationResult) -> str:
    """General ones, then those of the numbers, each once."""
    texts = list(result.warnings)
    for model in result.models:
        for measurement in model.measurements:
            for warning in measurement.warnings:
                text = f"{measurement.name}: {warning}"
                if text not in texts:
                    texts.append(text)
    if not texts:
        return ""
    lines = "".join(f"<p>{escape(each)}</p>" for each in texts)
    return f'<div class="warnings" role="note">{lines}</div>'


def _classes(result: EvaluationResult) -> str:
    if result.judge is None:
        return ""
    return (
        "<h2>Agreement, class by class</h2>"
        '<p class="soft">Intersection over union of what the segmenter reads in a picture with '
        "what the map says, over all pixels of all maps. The photos show what the segmenter itself "
        "can do.</p>" + class_table(result)
    )


def _pictures(result: EvaluationResult, gallery: Gallery) -> str:
    names = [each.name for each in result.models]
    lead = result.models[0]
    ranked = sorted(
        (accuracy, index)
        for index, accuracy in enumerate(each.pixel_accuracy for each in lead.maps)
        if accuracy is not None
    )
    if not ranked:
        return (
            "<h2>Pictures</h2>"
            '<p class="soft">Without a segmenter there is no agreement to rank them by: maps '
            "evenly spread over the data.</p>" + _grid(gallery, gallery.variety, names)
        )

    def caption(index: int, model: int) -> str:
        value = result.models[model].maps[index].pixel_accuracy
        return "" if value is None else f"{value:.1%}"

    middle = max(0, len(ranked) // 2 - _ROWS_EACH // 2)
    groups = (
        ("Best", ranked[::-1][:_ROWS_EACH]),
        ("Median", ranked[middle : middle + _ROWS_EACH]),
        ("Worst", ranked[:_ROWS_EACH]),
    )
    which = "" if len(names) == 1 else f" of {escape(lead.name)}"
    parts = [
        f"<h2>Best, median and worst maps</h2><p class=soft>By the agreement{which}: below each "
        f"picture the share of its pixels that the segmenter reads as the map says.</p>"
    ]
    for title, chosen in groups:
        parts.append(f"<h3>{title}</h3>")
        parts.append(_grid(gallery, [index for _, index in chosen], names, caption=caption))
    return "".join(parts)


def _grid(
    gallery: Gallery,
    indices: Sequence[int],
    names: Sequence[str],
    *,
    caption: Callable[[int, int], str] | None = None,
) -> str:
    """Rows of map, pictures of the models, photo."""
    cells = [f'<div class="head">{escape(each)}</div>' for each in ("map", *names, "photo")]
    for index in indices:
        row = gallery.rows[index]
        cells.append(_map_cell(row))
        for model, pictures in enumerate(row.pictures_jpeg):
            text = "" if caption is None else caption(index, model)
            cells.append(_cell(pictures[0], f"{row.key}, {names[model]}", text))
        cells.append(_cell(row.photo_jpeg, f"{row.key}, photo", ""))
    return _columns(cells, len(names) + 2)


def _variety(result: EvaluationResult, gallery: Gallery) -> str:
    parts = []
    for model, each in enumerate(result.models):
        if each.num_seeds < 2:
            continue
        seeds = result.seeds[: each.num_seeds]
        cells = [
            f'<div class="head">{escape(head)}</div>'
            for head in ("map", *(f"seed {seed}" for seed in seeds))
        ]
        for index in gallery.variety:
            row = gallery.rows[index]
            cells.append(_map_cell(row))
            cells += [
                _cell(picture, f"{row.key}, seed {seed}", "")
                for picture, seed in zip(row.pictures_jpeg[model], seeds, strict=True)
            ]
        parts.append(f"<h3>{escape(each.name)}</h3>" + _columns(cells, len(seeds) + 1))
    return "<h2>One map, several seeds</h2>" + "".join(parts) if parts else ""


def _columns(cells: Sequence[str], count: int) -> str:
    width = min(count * 264, 1132)
    style = f"grid-template-columns: repeat({count}, minmax(0, 1fr)); max-width: {width}px"
    return f'<div class="grid" style="{style}">{"".join(cells)}</div>'


def _map_cell(row: Row) -> str:
    source = base64.b64encode(row.map_png).decode("ascii")
    return (
        f'<figure><img class="map" alt="{escape(row.key)}, map" '
        f'src="data:image/png;base64,{source}"><figcaption>{escape(row.key)}</figcaption></figure>'
    )


def _cell(jpeg: bytes, description: str, caption: str) -> str:
    source = base64.b64encode(jpeg).decode("ascii")
    return (
        f'<figure><img alt="{escape(description)}" src="data:image/jpeg;base64,{source}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _curves(models: Sequence[ModelResult]) -> str:
    runs = [(each.name, read_curves(each.folder)) for each in models]
    runs = [(name, curves) for name, curves in runs if curves]
    if not runs:
        return ""
    names = sorted({name for _, curves in runs for name in curves})
    charts = [
        curve_svg(name, [curves[name] for _, curves in runs if name in curves]) for name in names
    ]
    key = ", ".join(escape(name) for name, _ in runs)
    return (
        f'<h2>Training</h2><p class="soft">Values reported while training: {key}.</p>'
        f'<div class="curves">{"".join(charts)}</div>'
    )


def _provenance(result: EvaluationResult) -> str:
    protocol, data = result.protocol, result.data
    facts = [
        ("protocol", f"{protocol.name}: {protocol.description}"),
        ("style", " / ".join(f"{each.name}: {each.style}" for each in result.models)),
        ("maps resized by", protocol.map_resize),
        ("photos resized by", protocol.photo_resize),
        ("image files between", protocol.file_format),
        ("unlabeled pixels", f"headline: {protocol.unlabeled}; both are in the table"),
        ("seeds", ", ".join(map(str, result.seeds)) + "; distances use the first"),
        ("data", f"{data.root} (classes of {data.vocabulary.name}), SHA-256 {data.sha256}"),
    ]
    for model in result.models:
        facts.append(
            (
                model.name,
                f"{model.folder}, {model.num_parameters / 1e6:.1f} million parameters, "
                f"{model.num_bytes / 1e6:.1f} MB, {model.precision}, SHA-256 "
                f"{model.weights_sha256}",
            )
        )
    if result.judge is not None:
        facts.append(
            (
                "segmenter",
                f"{result.judge.name}: {result.judge.network}, SHA-256 "
                f"{result.judge.weights_sha256}",
            )
        )
    networks = {
        each.network: each.weights_sha256 for model in result.models for each in model.measurements
    }
    facts += [("network", f"{network}; SHA-256 {sha}") for network, sha in networks.items()]
    facts.append(("machine", result.machine.to_text()))
    facts.append(("versions", ", ".join(f"{each.name} {each.value}" for each in result.versions)))
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts)
    return f"<h2>How these numbers were made</h2><dl>{rows}</dl>"
