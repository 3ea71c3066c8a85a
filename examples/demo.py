"""Paint the bundled label maps with a model and put maps and pictures on one sheet.

python examples/demo.py [MODEL [OUT.png]]
"""

from __future__ import annotations

import sys
import time

import sinopia
from sinopia.data.examples import example_map, example_names
from sinopia.scene.contact_sheet import contact_sheet

SEEDS = range(4)


def main(model: str = "scenery", out: str = "out/demo.png") -> None:
    synthesizer = sinopia.load(model)
    rows = []
    start = time.perf_counter()
    for name in example_names(synthesizer.vocabulary.name):
        label_map = example_map(name).resized(synthesizer.native_size)
        synthesizer.set_label_map(label_map)
        rows.append([label_map.colored(), *synthesizer.synthesize_seeds(SEEDS)])
    seconds = (time.perf_counter() - start) / (len(rows) * len(SEEDS))

    sheet = contact_sheet(rows, labels=["map", *(f"seed {seed}" for seed in SEEDS)])
    sinopia.write_image(out, sheet)
    height, width = synthesizer.native_size
    print(f"{len(rows)} maps, {len(SEEDS)} seeds each, {height}x{width}: {seconds:.2f} s a picture")
    print(f"See {out}")


if __name__ == "__main__":
    main(*sys.argv[1:])
