"""The tables of report.html."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from sinopia.inference.evaluation.results import Agreement, EvaluationResult
from sinopia.metrics.protocols import Measurement
from sinopia.metrics.segmentation import UNLABELED_TREATMENTS

__all__ = ["class_table", "number_table"]

_ARROWS = {"lower": "&darr;", "higher": "&uarr;"}


def number_table(result: EvaluationResult) -> str:
    """A row a number, a column a model, the best of several models set off."""
    heads = "".join(f'<th class="number">{escape(each.name)}</th>' for each in result.models)
    rows = [f'<thead><tr><th>number</th>{heads}<th class="number">photos</th></tr></thead><tbody>']
    by_name: dict[str, dict[int, Measurement]] = {}
    for index, model in enumerate(result.models):
        for each in model.measurements:
            by_name.setdefault(each.name, {})[index] = each
    for name, found in by_name.items():
        any_ = next(iter(found.values()))
        cells = _cells(
            [found[i].value if i in found else None for i in range(len(result.models))],
            is_better=any_.is_better,
            notes=[_deviation(found.get(i)) for i in range(len(result.models))],
        )
        count = f"{any_.num_pictures:,} pictures"
        if any_.num_reference:
            count += f" against {any_.num_reference:,} photos"
        rows.append(
            f"<tr><th>{escape(name)} {_ARROWS[any_.is_better]}<small>{escape(any_.network)}. "
            f"Resize: {escape(any_.resize)}. {count}.</small></th>{cells}<td></td></tr>"
        )
    if result.judge is not None:
        rows += _agreement_rows(result)
    return f'<div class="scroll"><table>{"".join(rows)}</tbody></table></div>'


def _agreement_rows(result: EvaluationResult) -> list[str]:
    assert result.judge is not None
    columns = len(result.models) + 2
    rows = [
        f'<tr class="group"><th colspan="{columns}">agreement with the maps, read by '
        f"{escape(result.judge.name)}</th></tr>"
    ]
    agreements = [each.agreement for each in result.models]
    for treatment in UNLABELED_TREATMENTS:
        for field, title in (("mean_iou", "mIoU"), ("pixel_accuracy", "pixel accuracy")):
            values = [_score(each, treatment, field) for each in agreements]
            photo = _score(result.photos, treatment, field)
            notes = [
                "" if value is None or not photo else f"{value / photo:.0%} of the photos'"
                for value in values
            ]
            shown = "" if photo is None else f"{photo:.4f}"
            rows.append(
                f"<tr><th>{title} {_ARROWS['higher']}<small>unlabeled pixels {treatment}"
                f"{_absent(result, treatment) if field == 'mean_iou' else ''}</small></th>"
                f"{_cells(values, is_better='higher', notes=notes, digits=4)}"
                f'<td class="number">{shown}</td></tr>'
            )
    return rows


def _score(agreement: Agreement | None, treatment: str, field: str) -> float | None:
    if agreement is None:
        return None
    scores = agreement.ignored if treatment == "ignored" else agreement.counted
    return scores.mean_iou if field == "mean_iou" else scores.pixel_accuracy


def _absent(result: EvaluationResult, treatment: str) -> str:
    """The classes that the first model's mean leaves out."""
    agreement = result.models[0].agreement
    if agreement is None:
        return ""
    scores = agreement.ignored if treatment == "ignored" else agreement.counted
    names = [result.data.vocabulary.names[each] for each in scores.absent_classes]
    count = len(result.data.vocabulary) - len(names)
    text = f"; mean of {count} classes"
    return escape(f"{text}, absent: {', '.join(names)}" if names else text)


def _deviation(measurement: Measurement | None) -> str:
    if measurement is None or measurement.deviation is None:
        return ""
    return f"&plusmn; {_number(measurement.deviation)} between subsets"


def _cells(
    values: Sequence[float | None],
    *,
    is_better: str,
    notes: Sequence[str],
    digits: int | None = None,
) -> str:
    present = [each for each in values if each is not None]
    best = None
    if len(present) > 1:
        best = min(present) if is_better == "lower" else max(present)
    cells = []
    for value, note in zip(values, notes, strict=True):
        if value is None:
            cells.append('<td class="number soft">not measured</td>')
            continue
        text = _number(value) if digits is None else f"{value:.{digits}f}"
        mark = " best" if value == best else ""
        small = f"<small>{note}</small>" if note else ""
        cells.append(f'<td class="number{mark}">{text}{small}</td>')
    return "".join(cells)


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"


def class_table(result: EvaluationResult) -> str:
    """A row a class: its share of the maps, its IoU in every model's pictures and in the photos."""
    heads = "".join(f"<th>{escape(each.name)}</th>" for each in result.models)
    rows = [
        f'<thead><tr><th>class</th><th class="number">share of pixels</th>{heads}'
        f"<th>photos</th></tr></thead><tbody>"
    ]
    total = sum(result.data.class_pixels) or 1
    agreements = [*(each.agreement for each in result.models), result.photos]
    for class_id, each in enumerate(result.data.vocabulary.classes):
        cells = []
        for agreement in agreements:
            scores = None if agreement is None else agreement.headline(result.protocol)
            cells.append(_meter(None if scores is None else scores.class_iou[class_id]))
        share = result.data.class_pixels[class_id] / total
        color = "#{:02x}{:02x}{:02x}".format(*each.color)
        rows.append(
            f'<tr><th><i class="swatch" style="background:{color}"></i>{escape(each.name)}</th>'
            f'<td class="number">{share:.1%}</td>{"".join(cells)}</tr>'
        )
    unlabeled = result.data.class_pixels[-1] / total
    rows.append(
        f'<tr><th>unlabeled</th><td class="number">{unlabeled:.1%}</td>'
        f"{'<td></td>' * len(agreements)}</tr>"
    )
    return f'<div class="scroll"><table>{"".join(rows)}</tbody></table></div>'


def _meter(value: float | None) -> str:
    if value is None:
        return '<td class="soft">absent</td>'
    return (
        f'<td>{value:.3f}<span class="meter"><i style="width:{100 * value:.0f}%"></i></span></td>'
    )
