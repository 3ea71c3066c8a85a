"""The ways to paint that one table compares.

A row has, in each round, one or several shots: pictures that are prepared without being timed and
then painted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sinopia.inference.benchmark.macs import count_macs, dense_macs
from sinopia.inference.benchmark.strokes import Brush, PaintedMap, block_share, brush_stroke
from sinopia.inference.benchmark.subject import Subject, scale_pictures
from sinopia.inference.device import find_device
from sinopia.inference.engine import SpadeEngine
from sinopia.models.spade import SpadeGenerator
from sinopia.nn.precision import Precision, autocast
from sinopia.nn.spade import DenseCondition
from sinopia.seeding import derive_seed

__all__ = [
    "BASELINE",
    "ENGINE",
    "BenchmarkPlan",
    "PainterPair",
    "Painters",
    "Shot",
    "ShotRow",
    "build_rows",
]

BASELINE = "dense fp32, as published"
ENGINE = "engine fp32"

_BRUSHES: tuple[Brush, ...] = ("round", "square", "round", "square")
"""One stroke each, everywhere else on the map."""


@dataclass(frozen=True, eq=False)
class BenchmarkPlan:
    """What is measured on what; another process can be given it."""

    subject: Subject
    maps: tuple[NDArray[np.uint8], ...]
    """Class ids (H, W); each round paints the next one."""
    maps_text: str
    """Where the maps come from."""
    rounds: int = 5
    threads: int | None = None
    """None = torch's own choice."""
    device: str = "cpu"
    precision: Precision = "bf16"
    """Of a new style and of strokes."""
    measures_memory: bool = True

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        return (self.maps[0].shape[0], self.maps[0].shape[1])

    def map_of(self, round_: int) -> NDArray[np.uint8]:
        """The map of a round; of the warm-up, the last one."""
        return self.maps[round_ % len(self.maps)]


class Painters:
    """A generator and its engines, each made when it is first used."""

    def __init__(self, subject: Subject, device: torch.device) -> None:
        self._subject = subject
        self.config = subject.config
        self.device = device
        self._engines: dict[tuple[Precision, bool], SpadeEngine] = {}
        self._reference: tuple[bytes, Tensor] | None = None

    @cached_property
    def generator(self) -> SpadeGenerator:
        """The generator that is measured."""
        return self._subject.build(self.device)

    def engine(self, precision: Precision, *, is_live: bool = False) -> SpadeEngine:
        """Its engine of that kind, always the same until `forget_engines`."""
        key = (precision, is_live)
        if key not in self._engines:
            # An engine alone needs no generator beside it, and its memory is measured without.
            is_shared = "generator" in self.__dict__
            self._engines[key] = SpadeEngine(
                self.generator if is_shared else self._subject.build(self.device),
                precision=precision,
                is_live=is_live,
                takes_weights=not is_shared,
            )
        return self._engines[key]

    def scale_pictures(self) -> None:
        """Of random weights only; before the first engine is made."""
        assert not self._engines, "engines copy the weights"
        if self._subject.folder is None:
            scale_pictures(self.generator)

    def forget_engines(self) -> None:
        """Begin anew, with engines that have met no map."""
        self._engines.clear()

    def dense(
        self, condition: DenseCondition, style: Tensor | None, precision: Precision
    ) -> Tensor:
        """The picture by the plain generator."""
        with torch.inference_mode(), autocast(precision, self.device):
            return self.generator(condition, style).float()

    def one_hot(self, painted: PaintedMap, precision: Precision) -> DenseCondition:
        """A map for `dense`, whose weights are laid out for the precision."""
        layout = torch.channels_last if precision == "bf16" else torch.contiguous_format
        self.generator.to(memory_format=layout)  # type: ignore[call-overload]
        condition = painted.condition(self.config)
        return DenseCondition(condition.dense_at(condition.size_hw))

    def reference(self, painted: PaintedMap, style: Tensor | None) -> Tensor:
        """The picture by the plain generator in fp32; the latest one is kept."""
        key = painted.label_ids.cpu().numpy().tobytes()
        key += b"" if style is None else style.cpu().numpy().tobytes()
        if self._reference is None or self._reference[0] != key:
            picture = self.dense(self.one_hot(painted, "fp32"), style, "fp32")
            self._reference = (key, picture)
        return self._reference[1]

    def style(self, number: int) -> Tensor | None:
        """A random style code (1, style_dim) by its number, for generators that take one."""
        if self.config.style_dim is None:
            return None
        draws = torch.Generator().manual_seed(derive_seed(number, "benchmark style"))
        code = torch.randn((1, self.config.style_dim), generator=draws)
        return code.to(self.device)


class Shot(Protocol):
    """One picture of a row."""

    @property
    def is_live(self) -> bool:
        """Whether earlier shots make this one faster."""
        ...

    def prepare(self) -> None:
        """What is not timed."""
        ...

    def paint(self) -> Tensor:
        """The picture (1, 3, H, W) in [-1, 1]; may be called once after each prepare()."""
        ...

    def counted(self) -> tuple[Tensor, int]:
        """The same after prepare(), and its multiply-accumulates."""
        ...

    def reference(self) -> Tensor:
        """The same picture by the plain generator in fp32."""
        ...

    def block_share(self) -> float:
        """Blocks of ids whose scale and shift are computed, over the pixels of the picture."""
        ...


ShotRow = Callable[[int], Sequence[Shot]]
"""The shots of a row in a round."""


@dataclass(frozen=True, eq=False)
class PainterPair:
    """What the rows of one table share."""

    plain: Painters
    styled: Painters | None
    """With a style code: the same, another of that size, or None for a model that has none."""

    @classmethod
    def of(cls, plan: BenchmarkPlan) -> PainterPair:
        """Nothing is built yet.

        Raises:
            RequestError: when the device is not here.
        """
        device = find_device(plan.device)
        plain, with_style = Painters(plan.subject, device), plan.subject.with_style()
        if with_style is None:
            return cls(plain, None)
        return cls(plain, plain if with_style is plan.subject else Painters(with_style, device))

    def scale_pictures(self) -> None:
        """Make pictures of random weights such that errors in them tell something."""
        for each in self._all:
            each.scale_pictures()

    def forget_engines(self) -> None:
        """Begin anew, with engines that have met no map."""
        for each in self._all:
            each.forget_engines()

    @property
    def _all(self) -> set[Painters]:
        return {self.plain} if self.styled is None else {self.plain, self.styled}


def build_rows(plan: BenchmarkPlan, painters: PainterPair) -> dict[str, ShotRow | None]:
    """The rows of a table by name, the baseline first; None for what the model cannot do."""
    plain, styled = painters.plain, painters.styled

    def painted(round_: int, on: Painters) -> PaintedMap:
        return PaintedMap.of(plan.map_of(round_), on.config, on.device)

    def dense(precision: Precision) -> ShotRow:
        return lambda at: [DenseShot(plain, painted(at, plain), plain.style(0), precision)]

    def engine(precision: Precision) -> ShotRow:
        return lambda at: [EngineShot(plain, painted(at, plain), plain.style(0), precision)]

    def new_style(on: Painters) -> ShotRow:
        def row(round_: int) -> list[Shot]:
            same, first = painted(round_, on), on.style(0)
            return [EngineShot(on, same, on.style(1), plan.precision, False, same, first)]

        return row

    def strokes(share: float) -> ShotRow:
        def row(round_: int) -> list[Shot]:
            before, style = painted(round_, plain), plain.style(0)
            return [
                EngineShot(plain, each, style, plan.precision, True, before, style)
                for each in edited(round_, share)
            ]

        return row

    def edited(round_: int, share: float) -> Iterator[PaintedMap]:
        config = plain.config
        for index, brush in enumerate(_BRUSHES):
            ids = brush_stroke(
                plan.map_of(round_),
                share=share,
                brush=brush,
                num_classes=config.num_classes,
                number=len(_BRUSHES) * round_ + index,
            )
            yield PaintedMap.of(ids, config, plain.device)

    return {
        BASELINE: dense("fp32"),
        "dense bf16, channels last": dense("bf16"),
        ENGINE: engine("fp32"),
        "engine bf16": engine("bf16"),
        f"new style, {plan.precision}": None if styled is None else new_style(styled),
        f"small stroke (1.5 %), {plan.precision}": strokes(0.015),
        f"large stroke (15 %), {plan.precision}": strokes(0.15),
    }


class DenseShot:
    """The plain generator, every pixel convolved; the one-hot map is given, not timed."""

    is_live = False

    def __init__(
        self, painters: Painters, painted: PaintedMap, style: Tensor | None, precision: Precision
    ) -> None:
        self._painters = painters
        self._painted = painted
        self._style = style
        self._precision: Precision = precision
        self._condition: DenseCondition | None = None

    def prepare(self) -> None:
        self._condition = self._painters.one_hot(self._painted, self._precision)

    def paint(self) -> Tensor:
        assert self._condition is not None, "prepare() comes before paint()"
        return self._painters.dense(self._condition, self._style, self._precision)

    def counted(self) -> tuple[Tensor, int]:
        height, width = self._painted.label_ids.shape[1:]
        macs = dense_macs(self._painters.generator, (height, width)).total
        is_reference = self._precision == "fp32"
        return (self.reference() if is_reference else self.paint()), macs

    def reference(self) -> Tensor:
        return self._painters.reference(self._painted, self._style)

    def block_share(self) -> float:
        return 1.0


@dataclass(frozen=True, eq=False)
class EngineShot:
    """A map in an engine; or after a picture of the map `before`, in the style `style_before`."""

    painters: Painters
    painted: PaintedMap
    style: Tensor | None
    precision: Precision
    is_live: bool = False
    before: PaintedMap | None = None
    style_before: Tensor | None = None

    def prepare(self) -> None:
        engine = self._engine
        if self.before is not None:
            engine.set_map(self.before.condition(self.painters.config))
            engine.paint(self.style_before)

    def paint(self) -> Tensor:
        if self.before is not self.painted:
            self._engine.set_map(self.painted.condition(self.painters.config))
        return self._engine.paint(self.style)

    def counted(self) -> tuple[Tensor, int]:
        return count_macs(self.paint)

    def reference(self) -> Tensor:
        return self.painters.reference(self.painted, self.style)

    def block_share(self) -> float:
        config = self.painters.config
        return block_share(
            self.painted.condition(config),
            config.kernel_size,
            known=None if self.before is None else self.before.condition(config),
        )

    @property
    def _engine(self) -> SpadeEngine:
        return self.painters.engine(self.precision, is_live=self.is_live)
