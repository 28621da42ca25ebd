"""A JSON schema in words: the type of a field, and the fields of an object as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from service.reference.markup import Markup, element, joined, line, slug

Schema = Mapping[str, Any]

_BOUNDS = (
    ("minimum", "≥ {:.0f}"),
    ("maximum", "≤ {:.0f}"),
    ("minLength", "≥ {} character"),
    ("minItems", "≥ {} item"),
)
"""Key of a JSON schema → words."""


def type_of(schema: Schema) -> Markup:
    """What a value may be; other types of the document are links to where they are described."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return element("a", readable(name), href=f"#type-{slug(name)}")
    if "anyOf" in schema:
        return _between(" or ", (type_of(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return _between(" or ", (element("code", json.dumps(value)) for value in values))
    if schema.get("type") == "array":
        return _array(schema)
    return joined(str(schema.get("type", "any value")), _bounds(schema))


def fields(schema: Schema) -> Markup:
    """The fields of an object; nothing for other schemas."""
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if not properties:
        return Markup("")
    required = set(schema.get("required", ()))
    rows = (
        (element("code", name), type_of(one), _presence(name in required, one), line(one.get("description", "")))
        for name, one in properties.items()
    )
    return table(("field", "type", "", "meaning"), rows)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    """A table; the first cell of each row is its heading."""
    columns = element("tr", *(element("th", name, scope="col") for name in head))
    body = element("tbody", *(_row(*cells) for cells in rows))
    return element("div", element("table", element("thead", columns), body), class_="scroll")


def _row(heading: str, *cells: str) -> Markup:
    return element("tr", element("th", heading, scope="row"), *(element("td", cell) for cell in cells))


def _presence(is_required: bool, schema: Schema) -> str:
    if is_required:
        return "required"
    default = schema.get("default")
    return "" if default in (None, []) else f"default {json.dumps(default)}"


def readable(name: str) -> str:
    """A schema's name as people write it: TimelineAnswers_FirstSeen_ is TimelineAnswers of FirstSeen."""
    outer, _, inner = name.rstrip("_").partition("_")
    return f"{outer} of {inner}" if inner else outer


def _array(schema: Schema) -> Markup:
    if "prefixItems" in schema:
        return joined("[", _between(", ", (type_of(one) for one in schema["prefixItems"])), "]")
    return joined("list of ", type_of(schema.get("items", {})), _bounds(schema))


def _bounds(schema: Schema) -> str:
    found = [words.format(schema[key]) for key, words in _BOUNDS if key in schema]
    return f" ({', '.join(found)})" if found else ""


def _between(separator: str, pieces: Iterable[Markup]) -> Markup:
    return joined(*(piece for number, one in enumerate(pieces) for piece in ((separator, one) if number else (one,))))
