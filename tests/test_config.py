from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinopia.config import from_json, from_text, override, to_json
from sinopia.errors import ConfigError


@dataclass(frozen=True)
class Hinge:
    margin: float = 1.0


@dataclass(frozen=True)
class Penalty:
    weight: float = 10.0
    one_sided: bool = False


@dataclass(frozen=True)
class Optimizer:
    lr: float = 2e-4
    betas: tuple[float, float] = (0.0, 0.9)


@dataclass(frozen=True)
class Run:
    name: str
    steps: int = 10
    ema: bool = True
    note: str | None = None
    gan: Literal["hinge", "none", 3] = "hinge"
    sizes: tuple[int, ...] = (256, 512)
    adversarial: Hinge | Penalty = field(default_factory=Hinge)
    optimizer: Optimizer = field(default_factory=Optimizer)
    second: Optimizer | None = None
    anything: Any = None


RUN = Run("r")

runs = st.builds(
    Run,
    name=st.text(max_size=10),
    steps=st.integers(),
    ema=st.booleans(),
    note=st.none() | st.text(max_size=10),
    gan=st.sampled_from(["hinge", "none", 3]),
    sizes=st.lists(st.integers(), max_size=3).map(tuple),
    adversarial=st.builds(Hinge, st.floats(-1e6, 1e6)) | st.builds(Penalty, st.floats(0, 1e6)),
    optimizer=st.builds(Optimizer, st.floats(0, 1)),
    second=st.none() | st.builds(Optimizer, st.floats(0, 1)),
)


@settings(max_examples=100, deadline=None, database=None)
@given(runs)
def test_a_configuration_survives_json(run: Run) -> None:
    assert from_json(Run, json.loads(json.dumps(to_json(run)))) == run


def test_json_names_the_choice_only_where_there_is_one() -> None:
    plain = to_json(Run("r", adversarial=Penalty(), second=Optimizer()))
    assert plain["adversarial"] == {"kind": "Penalty", "weight": 10.0, "one_sided": False}
    assert plain["second"] == {"lr": 2e-4, "betas": [0.0, 0.9]}
    assert plain["sizes"] == [256, 512]


def test_defaults_fill_what_is_not_given() -> None:
    assert from_json(Run, {"name": "r"}) == RUN


def test_a_whole_number_serves_as_a_float_but_not_the_other_way_round() -> None:
    lr = from_json(Optimizer, {"lr": 1}).lr
    assert lr == 1.0
    assert isinstance(lr, float)
    with pytest.raises(ConfigError, match=r"^steps: expected int, got 1\.0\.$"):
        from_json(Run, {"name": "r", "steps": 1.0})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], r"^Run: expected an object, got \[\]\.$"),
        ({}, r"^name: this field is required and was not given\.$"),
        (
            {"name": "r", "stepz": 1},
            r"^stepz: no such field\. Did you mean 'steps'\? Fields here: ",
        ),
        ({"name": "r", "qqq": 1}, r"^qqq: no such field\. Fields here: name, steps, ema,"),
        ({"name": 1}, r"^name: expected text, got 1\.$"),
        ({"name": "r", "steps": True}, r"^steps: expected int, got True\.$"),
        ({"name": "r", "ema": 1}, r"^ema: expected bool, got 1\.$"),
        ({"name": "r", "note": 1}, r"^note: expected text or none, got 1\.$"),
        ({"name": "r", "gan": "x"}, r"^gan: expected one of hinge, none, 3, got 'x'\.$"),
        ({"name": "r", "gan": 3.0}, r"^gan: expected one of hinge, none, 3, got 3\.0\.$"),
        ({"name": "r", "sizes": 3}, r"^sizes: expected several of: int, got 3\.$"),
        ({"name": "r", "sizes": [3, "a"]}, r"^sizes: expected int, got 'a'\.$"),
        (
            {"name": "r", "optimizer": {"betas": [0.5]}},
            r"^optimizer\.betas: expected 2 values \(float, float\), got \[0\.5\]\.$",
        ),
        ({"name": "r", "optimizer": {"lr": "a"}}, r"^optimizer\.lr: expected float, got 'a'\.$"),
        ({"name": "r", "optimizer": {"lr": True}}, r"^optimizer\.lr: expected float, got True"),
        (
            {"name": "r", "optimizer": {"lr": float("nan")}},
            r"^optimizer\.lr: expected float, got nan\.$",
        ),
        ({"name": "r", "optimizer": 3}, r"^optimizer: expected Optimizer, got 3\.$"),
        ({"name": "r", "second": {"lrr": 1}}, r"^second\.lrr: no such field\. Did you mean 'lr'"),
        (
            {"name": "r", "adversarial": {"margin": 1.0}},
            r"^adversarial\.kind: expected one of Hinge, Penalty, got None\.$",
        ),
        (
            {"name": "r", "adversarial": {"kind": ["Hinge"]}},
            r"^adversarial\.kind: expected one of Hinge, Penalty, got \['Hinge'\]\.$",
        ),
        (
            {"name": "r", "adversarial": {"kind": "Hinge", "weight": 1.0}},
            r"^adversarial\.weight: no such field",
        ),
    ],
)
def test_wrong_values_are_named(data: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_json(Run, data)


def test_where_opens_the_message() -> None:
    with pytest.raises(ConfigError, match=r"^run/config\.json\.optimizer\.lr: expected float"):
        from_json(Run, {"name": "r", "optimizer": {"lr": []}}, where="run/config.json")


@pytest.mark.parametrize(
    ("assignment", "path", "value"),
    [
        ("steps=3", "steps", 3),
        (" steps = 3 ", "steps", 3),
        ("ema=false", "ema", False),
        ("ema=True", "ema", True),
        ("note=a=b", "note", "a=b"),
        ("note=none", "note", None),
        ("note=5", "note", "5"),
        ("name=none", "name", "none"),
        ("name=a,b", "name", "a,b"),
        ("gan=none", "gan", "none"),
        ("gan=3", "gan", 3),
        ("sizes=1,2,3", "sizes", (1, 2, 3)),
        ("sizes=[7]", "sizes", (7,)),
        ("sizes=7,", "sizes", (7,)),
        ("optimizer.lr=1e-3", "optimizer.lr", 1e-3),
        ("optimizer.lr=1", "optimizer.lr", 1.0),
        ("optimizer.betas=0.5,0.999", "optimizer.betas", (0.5, 0.999)),
        ('adversarial={"kind": "Penalty"}', "adversarial", Penalty()),
    ],
)
def test_one_field_is_set_from_text(assignment: str, path: str, value: Any) -> None:
    changed: Any = override(RUN, assignment)
    for name in path.split("."):
        changed = getattr(changed, name)
    assert changed == value
    assert type(changed) is type(value)


def test_the_rest_stays_and_the_original_is_untouched() -> None:
    changed = override(RUN, "optimizer.lr=0.5")
    assert changed == Run("r", optimizer=Optimizer(lr=0.5))
    assert Run("r") == RUN


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("steps", r"^expected FIELD=VALUE, got 'steps'; for example seed=1\.$"),
        ("stps=1", r"^stps: no such field\. Did you mean 'steps'\?"),
        ("optimizer.lrs=1", r"^optimizer\.lrs: no such field\. Did you mean 'lr'\?"),
        ("steps=a", r"^steps: expected int, got 'a'\.$"),
        ("steps=1.5", r"^steps: expected int, got 1\.5\.$"),
        ("optimizer.lr=NaN", r"^optimizer\.lr: expected float, got nan\.$"),
        ("steps.x=1", r"^steps holds 10, which has no fields; set it as a whole\.$"),
        ("second.lr=1", r"^second holds None, which has no fields; set it as a whole\.$"),
        ("optimizer.betas=1,2,3", r"^optimizer\.betas: expected 2 values"),
    ],
)
def test_wrong_assignments_are_named(assignment: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        override(RUN, assignment)


def test_text_of_any_type_is_read_as_what_it_looks_like() -> None:
    assert from_text(Any, "1,a,none", where="x") == [1, "a", None]
