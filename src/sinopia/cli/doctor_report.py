"""The doctor's report as text, for a terminal or a pipe."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sinopia.data.report import Finding, Report, Severity

__all__ = ["print_report", "report_console"]

_FILES_SHOWN = 5
_SIZES_SHOWN = 4
_COMMAND_SHOWN = 2000
_BAR = 24
_PIPE_WIDTH = 120
_STYLES: dict[Severity, str] = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


def report_console() -> Console:
    """A console on standard output that changes no text: no markup, no cut lines in pipes."""
    console = Console(markup=False, highlight=False, emoji=False)
    return (
        console
        if console.is_terminal
        else Console(markup=False, highlight=False, emoji=False, width=_PIPE_WIDTH)
    )


def print_report(report: Report, console: Console, *, all_files: bool = False) -> None:
    """Print everything; of the files of a finding only the first few unless all are asked for."""
    vocabulary = "no vocabulary"
    if report.vocabulary is not None:
        vocabulary = f"vocabulary {report.vocabulary!r} of {len(report.classes)} classes"
    _line(console, f"{report.folder}: layout {report.kind}, {vocabulary}")
    console.print(_parts(report))
    if any(each.pixels for each in report.classes) or report.unlabeled_pixels:
        console.print(_classes(report, console))
    for finding in report.findings:
        _print_finding(finding, console, _FILES_SHOWN if not all_files else None)
    console.print(_verdict(report), soft_wrap=True)


def _parts(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("part", no_wrap=True)
    for title in ("label maps", "pictures", "instance maps", "pairs"):
        table.add_column(title, justify="right")
    for part in report.parts:
        counts = (part.num_label_maps, part.num_images, part.num_instance_maps, part.num_pairs)
        table.add_row(Text(part.name or "all"), *map(str, counts))
    sizes = ", ".join(
        f"{each.width}x{each.height} ({each.num_maps})" for each in report.sizes[:_SIZES_SHOWN]
    )
    more = len(report.sizes) - _SIZES_SHOWN
    if sizes:
        table.caption = f"sizes, width x height: {sizes}{f' and {more} more' if more > 0 else ''}"
        table.caption_justify = "left"
        table.caption_style = ""
    return table


def _classes(report: Report, console: Console) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("id", "source id"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("class", overflow="fold")
    for title in ("pixels", "share", "maps"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, width=_BAR)
    block = "#" if console.options.ascii_only else "█"
    largest = max(report.unlabeled_share, *(each.share for each in report.classes), 1e-9)

    def add(
        name: str,
        ids: tuple[str, str],
        amount: tuple[int, float, int],
        color: tuple[int, int, int],
    ) -> None:
        pixels, share, num_maps = amount
        bar = Text(
            block * max(1, round(_BAR * share / largest)), style="rgb({},{},{})".format(*color)
        )
        table.add_row(*ids, Text(name), f"{pixels:,}", f"{share:.2%}", f"{num_maps:,}", bar)

    for each in sorted(report.classes, key=lambda use: -use.pixels):
        if each.pixels:
            ids = (str(each.class_id), str(each.source_id))
            add(each.name, ids, (each.pixels, each.share, each.num_maps), each.color)
    if report.unlabeled_pixels:
        amount = (report.unlabeled_pixels, report.unlabeled_share, report.num_maps_with_unlabeled)
        add("unlabeled", ("", ""), amount, (128, 128, 128))
    return table


def _print_finding(finding: Finding, console: Console, most: int | None) -> None:
    head = Text(finding.severity, style=_STYLES[finding.severity])
    head.append(f" {finding.code}", style="bold")
    head.append(f": {finding.message}", style="not bold default")
    console.print(head, soft_wrap=not console.is_terminal)
    for note in finding.files[:most]:
        _line(console, f"    {note.path}{f': {note.detail}' if note.detail else ''}")
    if most is not None and len(finding.files) > most:
        _line(console, f"    and {len(finding.files) - most} more (--all names them)")
    for command in finding.commands:
        if len(command) > _COMMAND_SHOWN and most is not None:
            command = f"{command[:_COMMAND_SHOWN]} ... (--all shows the whole command)"
        console.print(Text(f"  $ {command}", style="bold"), soft_wrap=True)
    console.print()


def _verdict(report: Report) -> Text:
    counts = {
        severity: sum(each.severity == severity for each in report.findings)
        for severity in ("error", "warning", "note")
    }
    listed = ", ".join(
        f"{count} {severity}{'' if count == 1 else 's'}"
        for severity, count in counts.items()
        if count
    )
    if report.is_fit:
        return Text(f"fit to train{f': {listed}' if listed else ''}.", style="bold green")
    return Text(f"not fit to train: {listed}.", style="bold red")


def _line(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)
