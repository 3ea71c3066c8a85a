from __future__ import annotations

import pytest

from sinopia.errors import ConfigError
from sinopia.metrics.protocols import (
    PROTOCOLS,
    count_warnings,
    find_protocol,
    library_versions,
)


def test_names() -> None:
    assert all(name == protocol.name for name, protocol in PROTOCOLS.items())
    assert find_protocol("validation").style == "seed"
    assert find_protocol("validation_photo_style").style == "photo"
    assert find_protocol("train_reference").reference_split == "train"
    with pytest.raises(ConfigError, match="no protocol 'fid'; there are validation, "):
        find_protocol("fid")


def test_few_pictures_are_warned_of() -> None:
    assert count_warnings(5000, 5000, dim=2048) == ()
    (bias,) = count_warnings(1999, 5000, dim=512)
    assert "1999 pictures against 5000 photos" in bias and "biased upward" in bias
    bias, rank = count_warnings(306, 306, dim=512)
    assert "rank 305 at most" in rank
    (rank,) = count_warnings(2040, 3000, dim=2048)
    assert "rank 2039 at most" in rank


def test_versions() -> None:
    versions = library_versions()
    assert set(versions) == {"python", "torch", "torchvision", "numpy", "pillow"}
    assert all(versions.values())
