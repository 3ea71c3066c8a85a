"""The models that are compared: loaded and named, painting the same maps in the same styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sinopia.errors import RequestError
from sinopia.inference.evaluation.results import NAMES_IN_RUNS
from sinopia.inference.evaluation.scenes import photo_of
from sinopia.inference.synthesizer import Synthesizer, load_synthesizer
from sinopia.metrics.protocols import Protocol
from sinopia.nn.precision import PrecisionChoice
from sinopia.scene.image import ImageArray
from sinopia.scene.sample import Scene
from sinopia.seeding import derive_seed
from sinopia.zoo.catalog import find_model
from sinopia.zoo.manifest import read_manifest

__all__ = ["Painter", "load_painters", "size_warnings"]


@dataclass(frozen=True, eq=False)
class Painter:
    """A model that takes part in a comparison."""

    name: str
    """As short as tells it from the others."""
    folder: Path
    weights_sha256: str
    synthesizer: Synthesizer

    def draws_styles(self, protocol: Protocol) -> bool:
        """Whether another seed gives another picture."""
        return protocol.style == "seed" and self.synthesizer.style_dim is not None

    def paint(self, scene: Scene, protocol: Protocol, seeds: Sequence[int]) -> list[ImageArray]:
        """Pictures of a scene's map, (H, W, 3) uint8: one a seed, or one in its photo's style.

        The draws depend on seed and scene alone: all models get the same, with any --limit.

        Raises:
            SinopiaError: when model and scene do not fit together, or there is no photo to follow.
        """
        synthesizer = self.synthesizer
        instances = scene.instance_ids if synthesizer.needs_instances else None
        synthesizer.set_label_map(scene.label_map, instances)
        if protocol.style == "photo" and synthesizer.style_dim is not None:
            return [synthesizer.synthesize(style=photo_of(scene))]
        stream = f"evaluation/{scene.key}"
        return list(synthesizer.synthesize_seeds(derive_seed(seed, stream) for seed in seeds))

    def style_in_words(self, protocol: Protocol) -> str:
        """How the style of each picture is chosen."""
        if self.synthesizer.style_dim is None:
            return "none: one picture per map"
        if protocol.style == "photo":
            return "the encoder's mean of the map's own photo"
        return "drawn from seed and map"


def load_painters(
    models: Sequence[str], *, device: str, precision: PrecisionChoice
) -> list[Painter]:
    """Load models by name or folder, each once.

    Raises:
        ModelError: when one is missing, damaged, or paints no label maps.
        RequestError: when two are the same folder, or this machine lacks the device.
    """
    folders = [find_model(each) for each in models]
    names = _display_names(folders)
    return [
        Painter(
            name=name,
            folder=folder,
            weights_sha256=read_manifest(folder).weights.sha256,
            synthesizer=load_synthesizer(folder, device=device, precision=precision),
        )
        for name, folder in zip(names, folders, strict=True)
    ]


def size_warnings(painters: Sequence[Painter], size_hw: tuple[int, int]) -> list[str]:
    """What is to be said when models paint at a size that they were not trained for."""
    others = [each.name for each in painters if each.synthesizer.native_size != size_hw]
    if not others:
        return []
    height, width = size_hw
    return [
        f"{', '.join(others)}: trained for another size than {height}x{width}, at which all "
        f"pictures here were painted."
    ]


def _display_names(folders: Sequence[Path]) -> list[str]:
    """The last part of each path, and as many before it as it takes to tell them apart.

    A run folder calls all its models the same, so there the run's own name is added.

    Raises:
        RequestError: when two are the same folder.
    """
    parts = [each.resolve().parts for each in folders]
    if len(set(parts)) < len(parts):
        raise RequestError("a model is to be compared with itself; name each model once.")
    names = []
    for each in parts:
        count = 2 if each[-1] in NAMES_IN_RUNS else 1
        while sum(other[-count:] == each[-count:] for other in parts) > 1:
            count += 1
        names.append("/".join(each[-count:]))
    return names
