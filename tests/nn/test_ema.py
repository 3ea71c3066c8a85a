from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from sinopia.nn.ema import ExponentialMovingAverage, average_decay


def test_decay_by_hand() -> None:
    assert average_decay(images_seen=10_000, batch_size=8, half_life=8, rampup=None) == 0.5
    assert average_decay(images_seen=10_000, batch_size=4, half_life=8, rampup=None) == 0.5**0.5
    # the ramp-up holds the half-life at 5% of the images seen: 2 of 40, 8 of 160, then 8 for good
    assert average_decay(images_seen=40, batch_size=2, half_life=8, rampup=0.05) == 0.5
    assert average_decay(images_seen=160, batch_size=8, half_life=8, rampup=0.05) == 0.5
    assert average_decay(images_seen=9_999, batch_size=8, half_life=8, rampup=0.05) == 0.5
    assert average_decay(images_seen=0, batch_size=8, half_life=8, rampup=0.05) == 0
    assert average_decay(images_seen=5, batch_size=8, half_life=0, rampup=None) == 0


def test_half_life_means_half() -> None:
    steps = 10
    decay = average_decay(images_seen=0, batch_size=100, half_life=1000, rampup=None)
    assert decay**steps == pytest.approx(0.5)


def test_sequence_by_hand() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 16.0)
    ema = ExponentialMovingAverage(model, half_life=4, rampup=None)
    seen = []
    for step, value in enumerate([0.0, 0.0, 20.0], start=1):
        nn.init.constant_(model.weight, value)
        ema.update(model, images_seen=4 * step, batch_size=4)
        seen.append(ema.model.get_parameter("weight").item())
    assert seen == [8, 4, 12]
    ema.update(model, images_seen=20, batch_size=8)  # decay 1/4
    assert ema.model.get_parameter("weight").item() == pytest.approx(12 / 4 + 20 * 3 / 4)


def test_ramp_starts_as_the_model_itself() -> None:
    model = nn.Linear(2, 2)
    ema = ExponentialMovingAverage(model, half_life=1000, rampup=0.05)
    nn.init.constant_(model.weight, 3.0)
    ema.update(model, images_seen=0, batch_size=4)
    assert (ema.model.get_parameter("weight") == 3).all()


def test_buffers() -> None:
    model = nn.Sequential(spectral_norm(nn.Conv2d(3, 4, 3)), nn.BatchNorm2d(4))
    model.register_buffer("float_note", torch.tensor(0.0))
    ema = ExponentialMovingAverage(model, half_life=4, rampup=None)
    before = {name: buffer.clone() for name, buffer in ema.model.named_buffers()}
    model.train()
    model(torch.randn(2, 3, 8, 8))
    model.get_buffer("float_note").fill_(1)
    ema.update(model, images_seen=4, batch_size=4)
    now, current = dict(ema.model.named_buffers()), dict(model.named_buffers())
    for name in ("1.running_mean", "1.running_var"):
        torch.testing.assert_close(now[name], (before[name] + current[name]) / 2)
        assert not torch.equal(now[name], current[name])
    for name in ("1.num_batches_tracked", "float_note"):
        assert now[name] == current[name] == 1
    vectors = [name for name in now if name.endswith(("._u", "._v"))]
    assert len(vectors) == 2
    assert all(torch.equal(now[name], current[name]) for name in vectors)
    assert any(not torch.equal(before[name], current[name]) for name in vectors)


def test_average_is_a_frozen_copy() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout()).train()
    ema = ExponentialMovingAverage(model, half_life=4)
    assert not ema.model.training and model.training
    assert not any(parameter.requires_grad for parameter in ema.model.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())
    ema.update(model, images_seen=100, batch_size=4)
    assert all(parameter.grad_fn is None for parameter in ema.model.parameters())


def test_resumes_from_a_state_dict() -> None:
    model = nn.Linear(2, 2)
    ema = ExponentialMovingAverage(model, half_life=4)
    nn.init.zeros_(model.weight)
    ema.update(model, images_seen=100, batch_size=4)
    again = ExponentialMovingAverage(model, half_life=4)
    again.model.load_state_dict(ema.model.state_dict())
    for each in (ema, again):
        each.update(model, images_seen=104, batch_size=4)
    assert torch.equal(ema.model.get_parameter("weight"), again.model.get_parameter("weight"))


def test_bad_values_and_other_models_are_refused() -> None:
    with pytest.raises(ValueError, match="expected half_life and rampup >= 0, got -1 and 0"):
        ExponentialMovingAverage(nn.Linear(1, 1), half_life=-1, rampup=0)
    ema = ExponentialMovingAverage(nn.Linear(1, 1), half_life=1)
    with pytest.raises(ValueError, match="zip"):
        ema.update(nn.Linear(1, 1, bias=False), images_seen=1, batch_size=1)
