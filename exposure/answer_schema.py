"""The Arrow types of an answer, from the annotations of its dataclass: the same whatever values are there."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pyarrow as pa

_PLAIN: dict[type, pa.DataType] = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}


def answer_schema(kind: type) -> pa.Schema:
    """One field for each field of the dataclass `kind`, in order: what is a dataclass itself is a struct.

    Objects whose fields nobody knows (`dict[str, Any]`) are the text of their JSON.
    """
    hints = get_type_hints(kind)
    return pa.schema([(field.name, _arrow_type(hints[field.name])) for field in fields(kind)])


def _arrow_type(hint: Any) -> pa.DataType:
    if isinstance(hint, UnionType):
        (hint,) = (one for one in get_args(hint) if one is not NoneType)
    if get_origin(hint) in (tuple, list):
        return pa.list_(_arrow_type(get_args(hint)[0]))
    if get_origin(hint) is Literal or get_origin(hint) is dict:
        return pa.string()
    if is_dataclass(hint):
        return pa.struct(list(answer_schema(hint)))  # type: ignore[arg-type]
    return _PLAIN[hint] if hint in _PLAIN else pa.string()  # what is left is an enumeration of strings
