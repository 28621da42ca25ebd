"""Plain values of JSON and Arrow → the dataclasses that the service answered with, by their annotations."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from exposure.client.problems import UnexpectedAnswer

T = TypeVar("T")
Reader = Callable[[Any], Any]


def reader_of(kind: type[T]) -> Callable[[Any], T]:
    """A function from a mapping of fields to the dataclass `kind`; a `dict` is left as it is.

    Fields that `kind` does not know are left out, so that a newer service can be asked; it raises UnexpectedAnswer
    for one that is missing, or of another kind.
    """
    return cast("Callable[[Any], T]", dict if kind is dict else _dataclass_reader(cast("Any", kind)))


@functools.cache
def _dataclass_reader(kind: type[Any]) -> Reader:
    hints = get_type_hints(kind)
    readers = [(one.name, _reader(hints[one.name])) for one in fields(kind) if one.init]
    needed = {one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING}

    def read(value: Any) -> Any:
        if not isinstance(value, Mapping) or not needed <= value.keys():
            lacking = sorted(needed - value.keys()) if isinstance(value, Mapping) else "all of it"
            raise _unexpected(kind, f"without {lacking}")
        try:
            return kind(
                **{name: value[name] if how is None else how(value[name]) for name, how in readers if name in value}
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise _unexpected(kind, str(error)) from error

    return read


def _reader(hint: Any) -> Reader | None:
    """How a value annotated `hint` is read; None where it is as it comes."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        inner = [_reader(one) for one in arguments if one is not NoneType]
        how = next((one for one in inner if one is not None), None)
        return None if how is None else lambda value: None if value is None else how(value)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is dict:
        return _object  # in Arrow, it is the text of its JSON
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass_reader(hint)
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else None


def _tuple_reader(arguments: tuple[Any, ...]) -> Reader:
    how = _reader(arguments[0])
    return tuple if how is None else lambda values: tuple(map(how, values))


def _object(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _unexpected(kind: type, reason: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"The service answered with a {kind.__name__} that this client cannot read: {reason}. Use the version of "
        "`exposure` that the service has (client.health())."
    )
