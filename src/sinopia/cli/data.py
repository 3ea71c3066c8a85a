"""`sinopia data`: what a data set holds, whether it is fit to train, and how to make it so."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sinopia.errors import ConfigError

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Check, look at and convert data sets; list vocabularies.\n\n"
    "A data set of your own is a folder with images/ (photos), labels/ (index PNGs of the same "
    "names), optionally instances/, and a vocabulary.json: an object of a name, optionally "
    "unlabeled_source_ids, and classes, each with name, color and source_id. With train/ and "
    "val/ above images/ and labels/ it has two parts.",
)


class KindChoice(StrEnum):
    """Values of --kind."""

    folder = "folder"
    camvid = "camvid"
    coco_stuff = "coco-stuff"
    ade20k = "ade20k"
    cityscapes = "cityscapes"


class SplitChoice(StrEnum):
    """Values of --split."""

    train = "train"
    val = "val"


class UnknownChoice(StrEnum):
    """Values of --unknown."""

    refuse = "refuse"
    unlabeled = "unlabeled"


_VALUES_SHOWN = 10

FolderArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of the data set.", show_default=False)
]
KindOption = Annotated[
    KindChoice | None,
    typer.Option("--kind", help="How the files lie. Default: as the folder looks."),
]
VocabularyOption = Annotated[
    str | None,
    typer.Option(
        "--vocabulary",
        metavar="NAME|FILE",
        help="Built-in name or vocabulary.json, in the place of the data set's own.",
    ),
]


@app.command()
def doctor(
    folder: FolderArgument,
    vocabulary: VocabularyOption = None,
    kind: KindOption = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write everything as JSON."),
    ] = None,
    propose: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a vocabulary.json made from what the label maps hold."
        ),
    ] = None,
    all_files: Annotated[
        bool, typer.Option("--all", help="Name every file, not only the first few.")
    ] = False,
) -> None:
    """Say what stands against training on a data set.

    Reads every file once. Ends with 0 when the data are fit to train, with 2 when they are not.

    \b
    Examples:
      sinopia data doctor my-pairs
      sinopia data doctor camvid --vocabulary camvid --json report.json
      sinopia data doctor my-pairs --propose my-pairs/vocabulary.json
    """
    from sinopia.cli.doctor_report import print_report, report_console
    from sinopia.data.doctor import examine
    from sinopia.data.proposals import write_vocabulary
    from sinopia.files import write_text

    with _progress("reading") as on_progress:
        report = examine(
            folder,
            vocabulary=vocabulary,
            kind=None if kind is None else kind.value,
            on_progress=on_progress,
        )
    if json_file is not None:
        write_text(json_file, json.dumps(report.to_json(), indent=1) + "\n")
    print_report(report, report_console(), all_files=all_files)
    if propose is not None:
        if report.proposed_vocabulary is None:
            raise ConfigError(
                f"--propose: the data set has the vocabulary {report.vocabulary!r}; leave it out."
                if report.vocabulary is not None
                else "--propose: no vocabulary can be made of these label maps; see above."
            )
        write_vocabulary(propose, report.proposed_vocabulary)
        typer.echo(f"wrote {propose}; give the classes their names, then run the doctor again.")
    if not report.is_fit:
        raise typer.Exit(2)


@app.command()
def preview(
    folder: FolderArgument,
    out: Annotated[Path, typer.Option(help="Picture to write.")] = Path("preview.png"),
    count: Annotated[int, typer.Option("-n", "--count", help="How many scenes.")] = 12,
    seed: Annotated[int, typer.Option(help="Which scenes.")] = 0,
    split: Annotated[SplitChoice, typer.Option(help="Which part.")] = SplitChoice.train,
    vocabulary: VocabularyOption = None,
    kind: KindOption = None,
) -> None:
    """Draw a contact sheet of label maps and pictures.

    Shows map, picture and the one over the other, and names the classes.

    \b
    Examples:
      sinopia data preview my-pairs
      sinopia data preview my-pairs --split val -n 24 --out val.jpg
      sinopia data preview coco --kind coco-stuff --seed 3 --out coco.png
    """
    from sinopia.data.dataset import DatasetConfig
    from sinopia.data.layouts import kind_of_folder
    from sinopia.data.opening import open_dataset
    from sinopia.data.preview import draw_preview
    from sinopia.scene.image import write_image

    dataset = open_dataset(
        DatasetConfig(
            kind=kind_of_folder(folder) if kind is None else kind.value,
            root=str(folder),
            split=split.value,
            vocabulary=vocabulary,
        )
    )
    write_image(out, draw_preview(dataset, num_scenes=count, seed=seed))
    typer.echo(f"wrote {out}: {min(count, len(dataset))} of {len(dataset)} scenes")


@app.command()
def convert(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SRC", help="Folders of masks, or files.", show_default=False),
    ],
    vocabulary: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="The classes: a built-in name or a vocabulary.json.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder.", show_default=False)],
    palette: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Which colour is which class: lines `R G B name`, CVAT's labelmap.txt, or JSON. "
            "Default: the vocabulary's colours.",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(metavar="D", help="Take the nearest colour within this distance, 0..442."),
    ] = 0.0,
    unknown: Annotated[
        UnknownChoice, typer.Option(help="What to do with values that stand for no class.")
    ] = UnknownChoice.refuse,
    from_palette: Annotated[
        bool, typer.Option("--from-palette", help="The numbers of palette PNGs are ids, as in VOC.")
    ] = False,
    from_ids: Annotated[
        bool, typer.Option("--from-ids", help="Values are ids: 8 or 16 bit, or equal channels.")
    ] = False,
    binary: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="BACKGROUND FOREGROUND", help="0/255 masks: the classes of 0 and of 255."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every value that has no class as JSON."),
    ] = None,
) -> None:
    """Turn masks of other sorts into label maps.

    Reads colours, palettes, black and white, and ids in odd channels. Writes
    all files or none: colours that stand for no class are listed, and nothing
    is written unless --tolerance or --unknown says what to do.

    \b
    Examples:
      sinopia data convert masks --vocabulary my.json --out labels
      sinopia data convert masks --vocabulary my.json --out labels
          --palette labelmap.txt --tolerance 10
      sinopia data convert masks --vocabulary my.json --out labels
          --binary background cat
    """
    from sinopia.data.convert import ConvertMethod, convert_masks
    from sinopia.data.palettes import binary_palette, read_palette
    from sinopia.data.report import counted
    from sinopia.scene.vocabulary import Vocabulary

    _check_one_way(
        {
            "--palette": palette is not None,
            "--from-palette": from_palette,
            "--from-ids": from_ids,
            "--binary": binary is not None,
        }
    )
    classes = Vocabulary.find(vocabulary)
    colors = None
    if palette is not None:
        colors = read_palette(palette, classes)
    elif binary is not None:
        colors = binary_palette(classes, *binary)
    method: ConvertMethod = "palette" if from_palette else "ids" if from_ids else "colors"
    with _progress("converting") as on_progress:
        done = convert_masks(
            sources,
            out,
            vocabulary=classes,
            palette=colors,
            method=method,
            tolerance=tolerance,
            unknown=unknown.value,
            report=report,
            on_progress=on_progress,
        )
    typer.echo(f"wrote {counted(done.num_files, 'label map')} to {done.out}")
    for what, pixels in (
        ("took the nearest colour", done.moved_pixels),
        ("are unlabeled", done.unlabeled_pixels),
    ):
        if pixels:
            typer.echo(
                f"{pixels} of {done.num_pixels} pixels {what} ({pixels / done.num_pixels:.2%})"
            )
    for each in done.unplaced[:_VALUES_SHOWN]:
        where = f"{counted(each.pixels, 'pixel')} in {counted(len(each.files), 'file')}"
        typer.echo(f"  unlabeled: {each.what}, {where}")
    if len(done.unplaced) > _VALUES_SHOWN:
        typer.echo(f"  and {len(done.unplaced) - _VALUES_SHOWN} more values (--report lists all)")


@app.command("vocabulary")
def show_vocabulary(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|FILE]", help="A vocabulary; without one, all are listed."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as a new vocabulary.json.")
    ] = None,
    shift: Annotated[
        int, typer.Option(help="Add this to all source ids: 1 for files that begin at 1.")
    ] = 0,
) -> None:
    """List vocabularies, show one, or write it.

    \b
    Examples:
      sinopia data vocabulary
      sinopia data vocabulary cityscapes
      sinopia data vocabulary ade20k --out my-pairs/vocabulary.json
    """
    from sinopia.data.proposals import shifted_vocabulary, write_vocabulary
    from sinopia.scene.vocabulary import Vocabulary

    if name is None:
        if out is not None or shift:
            raise ConfigError("--out and --shift need the name of a vocabulary.")
        for each in Vocabulary.built_in_names():
            typer.echo(f"{each:<18} {len(Vocabulary.built_in(each)):>3} classes")
        return
    vocabulary = Vocabulary.find(name)
    if shift:
        vocabulary = shifted_vocabulary(vocabulary, shift)
    if out is not None:
        write_vocabulary(out, vocabulary)
        typer.echo(f"wrote {out}")
        return
    typer.echo(f"{vocabulary.name}: {len(vocabulary)} classes")
    unlabeled = ", ".join(map(str, [*vocabulary.unlabeled_source_ids, 255]))
    typer.echo(f"source ids of unlabeled pixels: {unlabeled}")
    typer.echo("  id  source id  colour   kind   name")
    for class_id, each in enumerate(vocabulary.classes):
        color = "#{:02x}{:02x}{:02x}".format(*each.color)
        kind = "thing" if each.is_thing else "stuff"
        typer.echo(f"{class_id:>4}  {each.source_id:>9}  {color}  {kind}  {each.name}")


def _check_one_way(given: dict[str, bool]) -> None:
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise ConfigError(
            f"{' and '.join(names)} say in different ways what the values mean; use one."
        )


@contextmanager
def _progress(what: str) -> Generator[Callable[[int, int], None]]:
    """A bar on the error stream, which vanishes when done; nothing in a pipe."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(what, total=None)

        def on_progress(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield on_progress
