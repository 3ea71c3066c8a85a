"""How much of a lattice a model's pictures show: peaks in their spectrum, beside those of photos.

    python benchmarks/lattice.py scenery --data landscape/

A generator that tells the four pixels apart which it makes of one leaves a pattern of 2, 4, 8, ...
pixels, and with it peaks at the frequencies of these periods. A number is the mean natural
logarithm of the power at a period's frequencies, above the median of their surroundings. Photos
that were saved as JPEG have peaks too: what counts is the difference.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from sinopia import load
from sinopia.data.dataset import DatasetConfig
from sinopia.data.opening import open_dataset
from sinopia.scene import Scene
from sinopia.scene.image import ImageArray, resize_image

PERIODS = (2, 4, 8, 16, 32)
_SURROUNDINGS = 11
"""Frequencies, in each direction, that the median is taken of."""


def mean_power(images: Iterable[ImageArray]) -> NDArray[np.float64]:
    """Mean power spectrum (H, W) of the brightness of pictures (H, W, 3) of one size."""
    total, count = np.zeros(()), 0
    for image in images:
        gray = image.astype(np.float64).mean(axis=2)
        window = np.outer(*(np.hanning(side) for side in gray.shape))
        total = total + np.abs(np.fft.fft2((gray - gray.mean()) * window)) ** 2
        count += 1
    return total / count


def lattice_excess(power: NDArray[np.float64], period: int) -> float:
    """Mean excess at the frequencies of a pattern of this period, but for those of half of it.

    The sides must be multiples of the period.
    """
    logarithm = np.log(power)
    background = median_filter(logarithm, size=_SURROUNDINGS, mode="wrap")
    # horizons and trunks are a cross through the middle of the spectrum: it is its own surroundings
    background[0] = median_filter(logarithm[0], size=_SURROUNDINGS, mode="wrap")
    background[:, 0] = median_filter(logarithm[:, 0], size=_SURROUNDINGS, mode="wrap")
    excess = logarithm - background
    steps = [np.arange(0, side, side // period) for side in power.shape]
    rows, columns = np.ix_(*(np.arange(period) % 2 == 1 for _ in steps))
    return float(excess[np.ix_(*steps)][rows | columns].mean())


def main() -> None:
    """Measure pictures of validation maps in random styles, and their photos."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="+", help="names or folders")
    parser.add_argument("--data", required=True, help="folder of pairs with a part 'val'")
    parser.add_argument("--kind", default="folder", choices=("folder", "camvid"))
    parser.add_argument("--limit", type=int, default=40, help="maps, evenly spread")
    options = parser.parse_args()
    dataset = open_dataset(DatasetConfig(options.kind, options.data, split="val"))
    picked = np.linspace(0, len(dataset) - 1, min(options.limit, len(dataset))).round().astype(int)
    scenes = [dataset[index] for index in picked.tolist()]
    print(f"{'':24}" + "".join(f"{each:>7}" for each in PERIODS))
    for name in options.models:
        _print(name, mean_power(_pictures(name, scenes)))
    for size_hw in sorted({load(each).native_size for each in options.models}):
        photos = (each.image for each in scenes if each.image is not None)
        power = mean_power(resize_image(each, size_hw) for each in photos)
        _print(f"photos {size_hw[0]}x{size_hw[1]}", power)


def _pictures(name: str, scenes: list[Scene]) -> Iterator[ImageArray]:
    model = load(name)
    for seed, scene in enumerate(scenes):
        assert scene.label_map is not None
        model.set_label_map(scene.label_map, size_hw=model.native_size)
        yield model.synthesize(seed)


def _print(name: str, power: NDArray[np.float64]) -> None:
    print(f"{name:24}" + "".join(f"{lattice_excess(power, each):7.2f}" for each in PERIODS))


if __name__ == "__main__":
    main()
