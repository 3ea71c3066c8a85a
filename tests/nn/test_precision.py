"""The number format: what is asked for, or what a probe finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from sinopia.nn import precision as precisions
from sinopia.nn.precision import Precision, autocast, resolve_precision

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    precisions._faster_precision.cache_clear()
    yield
    precisions._faster_precision.cache_clear()


@pytest.mark.parametrize("choice", ["fp32", "bf16"])
def test_a_choice_is_kept_without_a_probe(
    choice: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precisions, "_convolution_seconds", None)
    assert resolve_precision(choice, CPU) == choice


@pytest.mark.parametrize(
    ("half_seconds", "expected"), [(1.0, "fp32"), (0.9, "fp32"), (0.8, "bf16"), (3.0, "fp32")]
)
def test_bf16_must_be_clearly_faster(
    half_seconds: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {torch.float32: 1.0, torch.bfloat16: half_seconds}
    monkeypatch.setattr(precisions, "_convolution_seconds", lambda dtype, _: seconds[dtype])
    assert resolve_precision("auto", CPU) == expected


def test_the_probe_runs_here() -> None:
    assert resolve_precision("auto", CPU) in ("fp32", "bf16")


def test_a_device_is_probed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    probed: list[torch.dtype] = []

    def seconds(dtype: torch.dtype, _: torch.device) -> float:
        probed.append(dtype)
        return 1.0

    monkeypatch.setattr(precisions, "_convolution_seconds", seconds)
    assert {resolve_precision("auto", torch.device("cpu")) for _ in range(3)} == {"fp32"}
    assert probed == [torch.float32, torch.bfloat16]


@pytest.mark.parametrize(("is_supported", "expected"), [(True, "bf16"), (False, "fp32")])
def test_cuda_asks_the_device_not_its_emulation(
    is_supported: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def is_bf16_supported(**options: Any) -> bool:
        asked.append(options)
        return is_supported

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_bf16_supported)
    assert resolve_precision("auto", torch.device("cuda")) == expected
    assert asked == [{"including_emulation": False}]


def test_autocast_computes_in_the_precision() -> None:
    x, weight = torch.ones(1, 2, 4, 4), torch.ones(3, 2, 3, 3)
    with autocast("fp32", CPU):
        assert torch.nn.functional.conv2d(x, weight).dtype == torch.float32
    with autocast("bf16", CPU):
        assert torch.nn.functional.conv2d(x, weight).dtype == torch.bfloat16
    assert torch.nn.functional.conv2d(x, weight).dtype == torch.float32
