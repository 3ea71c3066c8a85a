"""Paint a label map made in Python, and paint it again from the picture alone.

python examples/paint_from_python.py [MODEL [OUT.png]]
"""

from __future__ import annotations

import sys

import numpy as np

import sinopia
from sinopia.inference.request import read_request, write_picture


def main(model: str = "scenery", out: str = "out/painted.png") -> None:
    synthesizer = sinopia.load(model)
    height, width = synthesizer.native_size
    names = synthesizer.vocabulary.names

    ids = np.full((height, width), names.index("sky"), np.uint8)
    ids[height // 2 :] = names.index("water")
    ids[height // 3 : height // 2, : width // 3] = names.index("tree")
    synthesizer.set_label_map(ids)

    first, second = synthesizer.synthesize(seed=1), synthesizer.synthesize(seed=2)
    print(f"seeds 1 and 2 differ by {np.abs(first.astype(int) - second).mean():.1f} of 255")

    style = np.zeros(synthesizer.style_dim or 0, np.float32)  # the middle of all styles
    picture = synthesizer.synthesize(style=style)
    write_picture(out, picture, synthesizer.request(style=style))

    again = synthesizer.repaint(read_request(out))  # the file says how it was made
    print(f"{out}: painted again from the file alone, equal: {np.array_equal(again, picture)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
