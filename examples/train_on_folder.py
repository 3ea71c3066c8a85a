"""Train a small model on a folder of images/, labels/ and vocabulary.json, then paint with it.

python examples/train_on_folder.py FOLDER [RUN [IMAGES [SIDE [WIDTH]]]]   (again: goes on)
"""

from __future__ import annotations

import sys
from dataclasses import replace

import sinopia
from sinopia.data.folder import open_folder
from sinopia.recipes.folder import folder_run
from sinopia.training.run import train


def main(folder: str, run: str = "out/run", *numbers: str) -> None:
    images, side, width = map(int, [*numbers, *("20000", "128", "32")[len(numbers) :]])
    config = folder_run(folder)  # no pretrained networks, so no files but the pairs
    config = replace(
        config,
        images=images,
        model=replace(config.model, size_hw=(side, side), base_channels=width),
        preprocess=replace(config.preprocess, size_hw=(side, side), load_size=side * 9 // 8),
        num_workers=0,
    )
    train(config, run)

    synthesizer = sinopia.load(f"{run}/model")
    synthesizer.set_label_map(open_folder(folder)[0].label_map, size_hw=(side, side))
    sinopia.write_image(f"{run}/painted.png", synthesizer.synthesize())
    print(f"Model: {run}/model. A first picture: {run}/painted.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
