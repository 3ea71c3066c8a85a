from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

from sinopia.errors import ModelError
from sinopia.metrics.inception import (
    FidInception,
    InceptionExtractor,
    resize_clean,
    resize_legacy,
)


def random_tensors() -> dict[str, Tensor]:
    """Weights under the published names, whose features neither vanish nor explode."""
    draws = torch.Generator().manual_seed(0)
    tensors = {}
    for name, tensor in FidInception().state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue  # the published file is older than these counters
        noise = torch.randn(tensor.shape, generator=draws)
        if name.endswith("conv.weight"):
            tensors[name] = noise * (2 / tensor[0].numel()) ** 0.5
        elif name.endswith(("bn.weight", "running_var")):
            tensors[name] = 1 + 0.1 * noise.abs()
        else:
            tensors[name] = 0.1 * noise
    return tensors


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the published layout with random weights."""
    path = tmp_path_factory.mktemp("inception") / "pt_inception.pth"
    torch.save(random_tensors(), path)
    return path


def pictures(*size_hw: int, count: int = 2) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size_hw, 3), dtype=np.uint8) for _ in range(count)]


def test_the_published_layout() -> None:
    state = FidInception().state_dict()
    parameters = [name for name in state if not name.endswith("num_batches_tracked")]
    convolutions = [name for name in state if name.endswith(".conv.weight")]
    assert len(convolutions) == 94
    assert len(parameters) == 94 * 5 + 2
    assert state["Conv2d_1a_3x3.conv.weight"].shape == (32, 3, 3, 3)
    assert state["Mixed_6b.branch7x7dbl_4.conv.weight"].shape == (128, 128, 7, 1)
    assert state["Mixed_7c.branch3x3dbl_3b.bn.running_var"].shape == (384,)
    assert state["fc.weight"].shape == (1008, 2048)


def test_features_as_torch_fidelity(published: Path) -> None:
    images = pictures(64, 80)
    tensor = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    reference = FeatureExtractorInceptionV3(
        "test", ["2048"], feature_extractor_weights_path=str(published)
    )
    (expected,) = reference(tensor)
    extractor = InceptionExtractor.from_file(published, resize="legacy")
    features = extractor(images)
    assert features.shape == (2, 2048)
    assert features.std() > 1e-3
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    # a batch of one gives the same
    np.testing.assert_allclose(extractor(images[1:]), features[1:], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("size_hw", [(64, 80), (299, 299), (512, 301)])
def test_legacy_resize_as_torch_fidelity(size_hw: tuple[int, int]) -> None:
    images = pictures(*size_hw, count=1)
    tensor = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
    expected = interpolate_bilinear_2d_like_tensorflow1x(tensor, (299, 299), align_corners=False)
    torch.testing.assert_close(resize_legacy(images), expected, rtol=0, atol=1e-2)


def test_legacy_resize_by_hand() -> None:
    row = np.array([0, 90, 30], np.uint8)
    image = np.repeat(np.tile(row[None, :, None], (3, 1, 3)), 1, axis=0)
    # positions 0, 0.5, 1, 1.5, 2, 2.5: past the last pixel its value stays
    values = resize_legacy([image], 6)[0, 0, 0]
    torch.testing.assert_close(values, torch.tensor([0.0, 45.0, 90.0, 60.0, 30.0, 30.0]))


def test_clean_resize_is_antialiased_and_is_not_rounded() -> None:
    (image,) = pictures(640, 480, count=1)
    resized = resize_clean([image])[0].permute(1, 2, 0).numpy()
    assert resized.shape == (299, 299, 3) and resized.dtype == np.float32
    bytes_ = np.asarray(Image.fromarray(image).resize((299, 299), Image.Resampling.BICUBIC))
    assert np.abs(resized - bytes_).mean() < 0.5  # Pillow clips bytes between its two passes
    assert (resized != resized.round()).mean() > 0.9
    assert 0 <= resized.min() and resized.max() <= 255
    # noise loses contrast under an antialiased filter and hardly any under the legacy one
    assert resized.std() < 0.8 * float(resize_legacy([image]).std())


def test_both_resizes_are_named(published: Path) -> None:
    legacy = InceptionExtractor.from_file(published, resize="legacy")
    clean = legacy.with_resize("clean")
    assert (legacy.frechet_name, legacy.kernel_name) == ("fid_legacy", "kid_legacy")
    assert (clean.frechet_name, clean.kernel_name) == ("fid_clean", "kid_clean")
    assert "half_pixel_centers=False" in legacy.resize and "Pillow bicubic" in clean.resize
    images = pictures(400, 400, count=1)
    assert np.abs(legacy(images) - clean(images)).max() > 1e-3


def test_other_weights_are_recorded_and_said(published: Path) -> None:
    extractor = InceptionExtractor.from_file(published, resize="clean")
    assert extractor.weights_sha256 == hashlib.sha256(published.read_bytes()).hexdigest()
    assert "this number is no FID" in extractor.warnings[0]
    original = InceptionExtractor(extractor.inception, resize="clean", weights_sha256="6726825d00")
    assert original.warnings == ()


def test_files_of_other_networks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is none"):
        InceptionExtractor.from_file(tmp_path / "none.pth", resize="legacy")
    path = tmp_path / "other.pth"
    torch.save({"fc.weight": torch.zeros(1008, 2048)}, path)
    with pytest.raises(ModelError, match="the Inception network of FID: missing"):
        InceptionExtractor.from_file(path, resize="legacy")
