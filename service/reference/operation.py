"""One operation of the service, for people: what it takes, an example, and what it answers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from service.reference.markup import Markup, element, joined, line, prose, slug
from service.reference.schema import fields, table, type_of

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    says: Mapping[str, Any]

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        return slug(f"{self.method} {self.path}")

    @property
    def tag(self) -> str:
        """The section that it belongs to."""
        return str(self.says["tags"][0])


def operations_of(document: Document) -> Iterator[Operation]:
    """Every operation, in the order of the document."""
    for path, methods in document["paths"].items():
        for method, says in methods.items():
            yield Operation(method.upper(), path, says)


def badge(method: str) -> Markup:
    """A method, in its colour."""
    return element("b", method, class_=f"method {method.lower()}")


def article(operation: Operation, document: Document, address: str) -> Markup:
    """All of one operation; `address` is the service's own, for the example."""
    says = operation.says
    return element(
        "article",
        element("h3", badge(operation.method), " ", element("code", operation.path)),
        element("p", element("strong", says["summary"])),
        prose(says.get("description", "")),
        _parameters(says.get("parameters", [])),
        _body(says, document),
        element("h4", "Example"),
        element("pre", element("code", curl(operation, document, address))),
        _example_answer(says),
        element("h4", "Answers"),
        _answers(says["responses"]),
        id=operation.anchor,
    )


def _parameters(parameters: list[Mapping[str, Any]]) -> Markup | None:
    if not parameters:
        return None
    rows = (
        (
            element("code", one["name"]),
            type_of(one["schema"]),
            one["in"] + (", required" if one.get("required") else ""),
            line(one.get("description", "")),
        )
        for one in parameters
    )
    return joined(element("h4", "Parameters"), table(("name", "type", "in", "meaning"), rows))


def _body(says: Mapping[str, Any], document: Document) -> Markup | None:
    schema = _body_schema(says, document)
    return None if schema is None else joined(element("h4", "Body (JSON)"), fields(schema))


def _body_schema(says: Mapping[str, Any], document: Document) -> Mapping[str, Any] | None:
    if "requestBody" not in says:
        return None
    reference = says["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema: Mapping[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return schema


def curl(operation: Operation, document: Document, address: str) -> str:
    """A command that asks this, with the examples of its parameters and body."""
    path, query, headers = operation.path, [], ""
    for one, example in _shown(operation.says.get("parameters", [])):
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", quote(str(example)))
        elif one["in"] == "header":
            header = shlex.quote(f"{one['name']}: {example}")
            headers += f" \\\n  -H {header}"
        else:
            query += [(one["name"], value) for value in (example if isinstance(example, list) else [example])]
    url = address.rstrip("/") + path + ("?" + urlencode(query, quote_via=quote) if query else "")
    body = _body_schema(operation.says, document)
    if body is None:
        method = "" if operation.method == "GET" else f"-X {operation.method} "
        return f"curl {method}{shlex.quote(url)}{headers}"
    sent = shlex.quote(json.dumps(body["examples"][0]))
    return f"curl {shlex.quote(url)}{headers} \\\n  --json {sent}"


def _shown(parameters: list[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Those that a request needs, and of the others the first: all filters at once say little, and find nothing."""
    more = 1
    for one in parameters:
        example = one["schema"].get("examples", [None])[0]
        if one.get("required") or one["in"] == "path":
            yield one, example
        elif example is not None and more:
            more -= 1
            yield one, example


def _example_answer(says: Mapping[str, Any]) -> Markup | None:
    succeeding = (one.get("content", {}) for status, one in says["responses"].items() if status.startswith("2"))
    example = next((one["application/json"].get("example") for one in succeeding if "application/json" in one), None)
    return (
        None if example is None else element("pre", element("code", json.dumps(example, indent=2, ensure_ascii=False)))
    )


def _answers(responses: Mapping[str, Any]) -> Markup:
    rows = ((status, line(one["description"]), _forms(one.get("content", {}))) for status, one in responses.items())
    return table(("status", "meaning", "forms"), rows)


def _forms(content: Mapping[str, Any]) -> Markup:
    pieces: list[str] = []
    for media, says in content.items():
        fields_of = [": ", type_of(says["schema"])] if media == "application/json" else []
        pieces += [element("code", media), *fields_of, element("br")]
    return joined(*pieces)
