from __future__ import annotations

import inspect

import pytest

from sinopia import errors


def test_the_docstring_draws_the_real_tree() -> None:
    assert errors.__doc__ is not None
    drawn = [
        line.split("  ")[0]
        for line in errors.__doc__.splitlines()
        if line.startswith(("SinopiaError", "├", "└"))
    ]
    *children, last = (each.__name__ for each in errors.SinopiaError.__subclasses__())
    assert drawn == ["SinopiaError", *(f"├── {each}" for each in children), f"└── {last}"]


def test_all_lists_every_class_of_the_module() -> None:
    classes = [name for name, each in vars(errors).items() if inspect.isclass(each)]
    assert sorted(classes) == sorted(errors.__all__)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_a_sinopia_error_and_a_value_error(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, errors.SinopiaError)
    assert issubclass(kind, ValueError)
    assert kind.__doc__
