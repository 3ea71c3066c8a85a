from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import squeezenet1_0, squeezenet1_1

from sinopia.errors import ModelError
from sinopia.metrics.feature_extractor import FeatureExtractor, SqueezeNetExtractor
from sinopia.metrics.frechet import frechet_distance
from sinopia.metrics.gaussian import fit_gaussian


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("squeezenet") / "model.safetensors"
    save_file(squeezenet1_0(weights=None).state_dict(), path)
    return path


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (32, 40, 3), dtype=np.uint8) for _ in range(count)]


def test_vectors_and_names(weights: Path) -> None:
    extractor: FeatureExtractor = SqueezeNetExtractor.from_file(weights)
    features = extractor(pictures(3))
    assert (features.shape, features.dtype) == ((3, 512), np.float32)
    assert extractor.frechet_name == "squeezenet1_0_frechet"
    assert extractor.kernel_name == "squeezenet1_0_kernel"
    assert extractor.weights_sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_distances_do_not_depend_on_order_or_batch_size(weights: Path) -> None:
    extractor = SqueezeNetExtractor.from_file(weights)
    images = pictures(20)
    backwards = images[::-1]
    whole = fit_gaussian([extractor(images)])
    parts = fit_gaussian(extractor(backwards[at : at + 3]) for at in range(0, 20, 3))
    assert whole.count == parts.count == 20
    np.testing.assert_allclose(whole.mean, parts.mean, rtol=1e-4, atol=1e-6)
    scale = float(np.trace(whole.covariance))
    assert frechet_distance(whole, parts) < 1e-3 * scale


def test_the_teacher_may_not_judge(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save(squeezenet1_1(weights=None).state_dict(), path)
    with pytest.raises(ModelError, match=r"the judge is SqueezeNet 1\.0"):
        SqueezeNetExtractor.from_file(path)
