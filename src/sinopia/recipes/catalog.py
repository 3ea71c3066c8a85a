"""The recipes by name: the one place where a name becomes a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sinopia.errors import ConfigError
from sinopia.recipes import gaugan, segmenter, shipped
from sinopia.recipes.pretrained import Pretrained
from sinopia.training.config import SegmenterTrainConfig, TrainConfig

__all__ = ["RECIPES", "Recipe", "find_recipe"]


@dataclass(frozen=True)
class Recipe:
    """A named run."""

    build: Callable[[str, Pretrained], TrainConfig | SegmenterTrainConfig]
    """From the data set's folder and the pretrained networks at hand."""
    layout: str | None
    """What the folder holds, in words; None when the recipe draws its own scenes."""

    @property
    def summary(self) -> str:
        """The first line of the recipe's own description."""
        return (self.build.__doc__ or "").strip().splitlines()[0]


_FOLDER = "any folder with images, labels and vocabulary.json"

RECIPES: dict[str, Recipe] = {
    "gaugan_ade20k": Recipe(gaugan.gaugan_ade20k, "ADEChallengeData2016 (images, annotations)"),
    "gaugan_camvid": Recipe(gaugan.gaugan_camvid, "CamVid, 11 classes (train, val)"),
    "gaugan_cityscapes": Recipe(gaugan.gaugan_cityscapes, "Cityscapes (gtFine, leftImg8bit)"),
    "gaugan_coco": Recipe(gaugan.gaugan_coco, "COCO-Stuff (train_img, train_label, train_inst)"),
    "gaugan_landscape": Recipe(gaugan.gaugan_landscape, "landscapes, 8 classes (train, val)"),
    "gaugan_tiny": Recipe(gaugan.gaugan_tiny, None),
    "judge": Recipe(segmenter.judge, _FOLDER),
    "judge_camvid": Recipe(segmenter.judge_camvid, "CamVid, 11 classes (train, val)"),
    "scenery": Recipe(shipped.scenery, "landscapes, 8 classes (train, val)"),
    "scenery_128": Recipe(shipped.scenery_128, "landscapes, 8 classes (train, val)"),
    "segmenter": Recipe(segmenter.segmenter, _FOLDER),
    "street": Recipe(shipped.street, "CamVid, 11 classes (train, val)"),
    "teacher": Recipe(segmenter.teacher, _FOLDER),
    "teacher_camvid": Recipe(segmenter.teacher_camvid, "CamVid, 11 classes (train, val)"),
}


def find_recipe(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        ConfigError: when there is none; the message lists all.
    """
    if name not in RECIPES:
        raise ConfigError(
            f"no recipe {name!r}. Recipes: {', '.join(RECIPES)}; or give a folder with images, "
            f"labels and vocabulary.json."
        )
    return RECIPES[name]
