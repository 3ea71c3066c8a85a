"""Typed configurations to and from plain JSON values, and single fields set by a dotted path.

A configuration is a frozen dataclass whose fields are bool, int, float, str, Literal, None, tuples
and other such dataclasses, or unions of these. A field that is itself one of several dataclasses is
written with its class name under the key "kind". Unknown keys are errors, never ignored: a misspelt
option must not train for a week.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from sinopia.errors import ConfigError

__all__ = ["from_json", "from_text", "override", "to_json"]

T = TypeVar("T")


def to_json(config: Any) -> Any:
    """Plain JSON values (dict, list, str, int, float, bool, None) of a configuration."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        values: dict[str, Any] = {}
        hints = typing.get_type_hints(type(config))
        for field in dataclasses.fields(config):
            value = getattr(config, field.name)
            plain = to_json(value)
            if dataclasses.is_dataclass(value) and len(_dataclasses_of(hints[field.name])) > 1:
                plain = {"kind": type(value).__name__, **plain}
            values[field.name] = plain
        return values
    if isinstance(config, (list, tuple)):
        return [to_json(item) for item in cast("Sequence[Any]", config)]
    return config


def from_json(kind: type[T], data: Any, *, where: str = "") -> T:
    """Build a configuration of the given dataclass from JSON values, checking every key and type.

    Raises:
        ConfigError: for an unknown or missing key or a value of the wrong type; `where` opens the
            message.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where or kind.__name__}: expected an object, got {data!r}.")
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    entries = cast("Mapping[str, Any]", data)
    unknown = [key for key in entries if key not in fields]
    if unknown:
        raise ConfigError(_unknown_field(_join(where, unknown[0]), unknown[0], list(fields)))
    values = {
        key: _convert(hints[key], value, where=_join(where, key)) for key, value in entries.items()
    }
    required = [
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    missing = [name for name in required if name not in values]
    if missing:
        raise ConfigError(f"{_join(where, missing[0])}: this field is required and was not given.")
    return kind(**values)


def override(config: T, *assignments: str) -> T:
    """A copy of `config` with fields changed, from texts like `optimizer.lr=0.0002`.

    The value is read as the field's type; `none` clears an optional field, tuples are written
    `256,512`. Ranges are checked when all fields are set, so that two which must agree can both be
    changed; of a field that is given twice, the last value holds.

    Raises:
        ConfigError: when the path names no field or the value does not fit the field.
    """
    changes: list[tuple[list[str], str]] = []
    for assignment in assignments:
        path, separator, text = assignment.partition("=")
        if not separator:
            raise ConfigError(f"expected FIELD=VALUE, got {assignment!r}; for example seed=1.")
        changes.append((path.strip().split("."), text.strip()))
    return _override(config, changes, where="")


def _override(config: Any, changes: Sequence[tuple[list[str], str]], *, where: str) -> Any:
    hints = typing.get_type_hints(cast("type[Any]", type(config)))
    names = [field.name for field in dataclasses.fields(config)]
    values: dict[str, Any] = {}
    inner: dict[str, list[tuple[list[str], str]]] = {}
    for (name, *rest), text in changes:
        here = _join(where, name)
        if name not in names:
            raise ConfigError(_unknown_field(here, name, names))
        if rest:
            inner.setdefault(name, []).append((rest, text))
        else:
            values[name] = from_text(hints[name], text, where=here)
    for name, inner_changes in inner.items():
        here, value = _join(where, name), values.get(name, getattr(config, name))
        if not dataclasses.is_dataclass(value):
            raise ConfigError(f"{here} holds {value!r}, which has no fields; set it as a whole.")
        values[name] = _override(value, inner_changes, where=here)
    return dataclasses.replace(config, **values)


def from_text(hint: Any, text: str, *, where: str) -> Any:
    """Read a value of the annotated type from what a user typed.

    A text that reads as a number, a list or none is that, unless only the text itself fits.

    Raises:
        ConfigError: when the text is no such value; the message names the type that was expected.
    """
    try:
        return _convert(hint, _value_of(text), where=where)
    except ConfigError:
        try:
            return _convert(hint, text, where=where)
        except ConfigError:
            pass
        raise


def _value_of(text: str) -> Any:
    words = {"none": None, "true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        if "," in text:
            return [_value_of(part.strip()) for part in text.split(",") if part.strip()]
        return text


def _convert(hint: Any, value: Any, *, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _convert_union(hint, arguments, value, where=where)
    if origin is typing.Literal:
        if any(value == each and type(value) is type(each) for each in arguments):
            return value
    elif origin is tuple and isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_convert(arguments[0], item, where=where) for item in items)
        if len(arguments) == len(items):
            return tuple(
                _convert(each, item, where=where)
                for each, item in zip(arguments, items, strict=True)
            )
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if isinstance(value, Mapping):
            return from_json(hint, value, where=where)
    elif hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if math.isfinite(value):
            return float(value)
    elif hint is type(None) and value is None:
        return None
    elif isinstance(hint, type) and type(value) is hint:
        return value
    raise ConfigError(f"{where}: expected {_describe(hint)}, got {value!r}.")


def _convert_union(hint: Any, arguments: tuple[Any, ...], value: Any, *, where: str) -> Any:
    choices = {kind.__name__: kind for kind in _dataclasses_of(hint)}
    if isinstance(value, Mapping) and len(choices) > 1:
        entries = dict(cast("Mapping[str, Any]", value))
        name = entries.pop("kind", None)
        if name not in tuple(choices):
            raise ConfigError(f"{where}.kind: expected one of {', '.join(choices)}, got {name!r}.")
        return from_json(choices[name], entries, where=where)
    for argument in arguments:
        try:
            return _convert(argument, value, where=where)
        except ConfigError:
            if isinstance(value, Mapping) and dataclasses.is_dataclass(argument):
                raise  # the one dataclass of the union: its own message is the helpful one
    raise ConfigError(f"{where}: expected {_describe(hint)}, got {value!r}.")


def _dataclasses_of(hint: Any) -> list[type[Any]]:
    options = typing.get_args(hint) or (hint,)
    return [each for each in options if isinstance(each, type) and dataclasses.is_dataclass(each)]


def _describe(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_describe(each) for each in arguments)
    if origin is typing.Literal:
        return "one of " + ", ".join(str(each) for each in arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"several of: {_describe(arguments[0])}"
        return f"{len(arguments)} values ({', '.join(_describe(each) for each in arguments)})"
    return {type(None): "none", str: "text"}.get(hint, getattr(hint, "__name__", str(hint)))


def _unknown_field(here: str, name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{here}: no such field.{hint} Fields here: {', '.join(names)}."


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
