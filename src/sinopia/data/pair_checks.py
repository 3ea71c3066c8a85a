"""Do the files of a data set belong together: pairs, sizes, instance maps, files that open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sinopia.data.layouts import Files
from sinopia.data.report import FileNote, Finding, counted
from sinopia.data.survey import PartSurvey, SizeHw

__all__ = ["check_pairs"]


def check_pairs(survey: PartSurvey) -> list[Finding]:
    """Everything that is wrong with the files of one split, but for what the label maps hold."""
    return [
        *_unreadable(survey),
        *_missing_folders(survey),
        *_doubled(survey),
        *_unpaired(survey),
        *_sizes(survey),
        *_instances(survey),
        *_other_files(survey),
    ]


def _unreadable(survey: PartSurvey) -> Iterator[Finding]:
    for what, notes in survey.unreadable.items():
        yield Finding(
            f"unreadable-{what.replace(' ', '-')}",
            "error",
            f"{counted(len(notes), what)} cannot be read. Copy from the source again, or remove "
            f"the whole pair.",
            tuple(notes),
        )


def _missing_folders(survey: PartSurvey) -> Iterator[Finding]:
    part = survey.part
    if not len(part.labels):
        yield Finding(
            "no-label-maps",
            "error",
            f"{part.labels.folder} holds no label maps. Put one PNG file for each picture there.",
        )
    if part.images is None:
        yield Finding(
            "no-pictures",
            "error",
            f"there is no folder of pictures beside {part.labels.folder}. Training needs a picture "
            f"of the same name for each label map.",
        )


def _doubled(survey: PartSurvey) -> Iterator[Finding]:
    part = survey.part
    for files in (part.labels, part.images, part.instances):
        doubled = {key: paths for key, paths in _by_key(files).items() if len(paths) > 1}
        if files and doubled:
            yield Finding(
                "same-stem",
                "error",
                f"{files.folder}: {counted(len(doubled), 'name')} with more than one suffix. Files "
                f"are paired by their names without suffix; keep one of each.",
                tuple(
                    FileNote(str(paths[0]), "also " + ", ".join(each.name for each in paths[1:]))
                    for paths in doubled.values()
                ),
            )


def _unpaired(survey: PartSurvey) -> Iterator[Finding]:
    part = survey.part
    if part.images is None:
        return
    labels, images = part.labels.by_key, part.images.by_key
    without_image = {key: paths[0] for key, paths in labels.items() if key not in images}
    without_label = {key: paths[0] for key, paths in images.items() if key not in labels}
    hint = _naming_hint(list(without_image), list(without_label))
    for code, paths, have, lack, folder in (
        ("label-map-without-picture", without_image, "label map", "picture", part.images.folder),
        ("picture-without-label-map", without_label, "picture", "label map", part.labels.folder),
    ):
        if paths:
            yield Finding(
                code,
                "error",
                f"{counted(len(paths), have)} without a {lack} of the same name in {folder}."
                f"{hint or f' Add each {lack}, or remove the {have}.'}",
                _notes(paths),
            )


def _naming_hint(label_keys: list[str], image_keys: list[str]) -> str:
    """What to rename when all lone label maps are named after lone pictures, by one rule."""
    if not label_keys or not image_keys:
        return ""
    rules: list[tuple[str, set[str], set[str]]] = []
    longest = max(label_keys + image_keys, key=len)
    for size in range(1, len(longest)):
        for names, others, whose in (
            (label_keys, image_keys, "label maps"),
            (image_keys, label_keys, "pictures"),
        ):
            endings = {name[-size:] for name in names if len(name) > size}
            if len(endings) == 1:
                (ending,) = endings
                stripped = {name.removesuffix(ending) for name in names}
                rules.append((f"the names of {whose} end in {ending!r}", stripped, set(others)))
    lower = {name.lower() for name in label_keys}
    rules.append(
        ("the names differ in upper and lower case", lower, set(map(str.lower, image_keys)))
    )
    for says, one, other in rules:
        if one & other and len(one & other) == min(len(one), len(other)):
            return f" Here {says}: rename these files so that both names are equal."
    return ""


def _sizes(survey: PartSurvey) -> Iterator[Finding]:
    notes: list[FileNote] = []
    turned = False
    labels = survey.part.labels.by_key
    for key, size_hw in survey.label_sizes.items():
        image_hw = survey.image_sizes.get(key, size_hw)
        if image_hw != size_hw:
            detail = f"label map {_size(size_hw)}, picture {_size(image_hw)}"
            if key in survey.turned_images and image_hw == size_hw[::-1]:
                detail += ", turned by its EXIF orientation"
                turned = True
            notes.append(FileNote(str(labels[key][0]), detail))
    if notes:
        why = (
            " A picture's EXIF orientation is obeyed, as viewers do: turn such label maps, or "
            "write the pictures anew without it."
            if turned
            else ""
        )
        yield Finding(
            "different-size",
            "error",
            f"{counted(len(notes), 'label map')} of another size than the picture (width x height)."
            f" Cut or scale both alike, label maps by nearest neighbour.{why}",
            tuple(notes),
        )


def _instances(survey: PartSurvey) -> Iterator[Finding]:
    part = survey.part
    if part.instances is None:
        return
    labels, instances = part.labels.by_key, part.instances.by_key
    missing = {key: paths[0] for key, paths in labels.items() if key not in instances}
    if missing:
        yield Finding(
            "instance-map-missing",
            "error",
            f"{counted(len(missing), 'label map')} without an instance map of the same name in "
            f"{part.instances.folder}. Add them, or remove that folder: instance maps are "
            f"optional, but for all scenes or none.",
            _notes(missing),
        )
    lone = {key: paths[0] for key, paths in instances.items() if key not in labels}
    if lone:
        yield Finding(
            "instance-map-without-label-map",
            "error",
            f"{counted(len(lone), 'instance map')} without a label map of the same name in "
            f"{part.labels.folder}. Add the label maps, or remove these.",
            _notes(lone),
        )
    other_sizes = [
        FileNote(
            str(mask.path),
            f"instance map {_size(mask.counts.size_hw)}, label map "
            f"{_size(survey.label_sizes[key])}",
        )
        for key, mask in survey.instance_maps.items()
        if survey.label_sizes.get(key, mask.counts.size_hw) != mask.counts.size_hw
    ]
    if other_sizes:
        yield Finding(
            "instance-map-of-different-size",
            "error",
            f"{counted(len(other_sizes), 'instance map')} "
            f"of another size than the label map (width "
            f"x height). Cut or scale both alike, by nearest neighbour.",
            tuple(other_sizes),
        )
    unusable = [
        FileNote(str(mask.path), f"{mask.format}, {mask.mode}")
        for mask in survey.instance_maps.values()
        if mask.storage in ("colors", "lossy", "floats")
    ]
    if unusable:
        yield Finding(
            "instance-map-not-numbers",
            "error",
            f"{counted(len(unusable), 'instance map')} "
            f"with colours, lossy compression or fractions."
            f" Expected one number for each object, in PNG files of one channel, 8 or 16 bit.",
            tuple(unusable),
        )


def _other_files(survey: PartSurvey) -> Iterator[Finding]:
    part = survey.part
    for files in (part.labels, part.images, part.instances):
        if files and files.others:
            yield Finding(
                "other-files",
                "note",
                f"{files.folder} also holds {counted(len(files.others), 'file')} without a "
                f"picture's suffix, which nothing reads.",
                tuple(FileNote(str(path)) for path in files.others),
            )


def _by_key(files: Files | None) -> dict[str, tuple[Path, ...]]:
    return files.by_key if files else {}


def _notes(paths: dict[str, Path]) -> tuple[FileNote, ...]:
    return tuple(FileNote(str(path)) for path in paths.values())


def _size(size_hw: SizeHw) -> str:
    return f"{size_hw[1]}x{size_hw[0]}"
