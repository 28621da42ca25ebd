"""What OpenAPI says of answers beyond their fields: every status, every form, and problems as their own media type."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from exposure.api.uploads import PairSetRequest, PhraseSetRequest
from exposure.encoding import ARROW, CSV, JSON, MEDIA, NDJSON, PARQUET
from service.answers.questions import FirstSeenQuestion
from service.problems import (
    BODY_TOO_SLOW,
    BUSY,
    FORBIDDEN,
    FOREIGN_ORIGIN,
    HEADERS_TOO_LARGE,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    PROBLEM_JSON,
    STOPPING,
    TOO_LARGE,
    TOO_SLOW,
    UNAUTHORISED,
    UNAVAILABLE,
    UNKNOWN_HOST,
    UNSUPPORTED_MEDIA_TYPE,
    FieldProblem,
    Kind,
    Problem,
)
from service.reference.examples import GENERATION, TIMELINE
from service.route_table import Entry, RouteTable

OF_KEYS = (UNAUTHORISED, FORBIDDEN, FOREIGN_ORIGIN)
"""What any route that is not public can answer."""

EVERYWHERE = (
    *OF_KEYS,
    *(BODY_TOO_SLOW, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, UNKNOWN_HOST, INVALID_REQUEST),
    *(BUSY, HEADERS_TOO_LARGE, INTERNAL_ERROR, STOPPING),
)
"""What any route can answer."""

OF_A_TIMELINE = (NOT_FOUND, NOT_ACCEPTABLE, UNAVAILABLE, TOO_SLOW)
"""What any route that asks a timeline can answer."""

Responses = dict[int | str, dict[str, Any]]

_FORMS = {
    NDJSON: {"type": "string", "description": "One answer a line, as `exposure … --format jsonl` prints it."},
    CSV: {"type": "string", "description": "A header, then one answer a line."},
    ARROW: {"type": "string", "format": "binary", "description": "An Arrow IPC stream, one row for each answer."},
    PARQUET: {"type": "string", "format": "binary", "description": "A Parquet file, one row for each answer."},
}


def answers(description: str, example: Any, *kinds: Kind, is_revalidated: bool = True) -> Responses:
    """The `responses` of a route that gives rows like `example`: 200 in every form, 304, and problems of `kinds`."""
    wrapped = {"timeline": TIMELINE, "generation": GENERATION, "answers": [asdict(example)]}
    return _answers(description, wrapped, *kinds, is_revalidated=is_revalidated)


def one_answer(description: str, example: Any) -> Responses:
    """The same for a route that gives one row, which JSON does not wrap."""
    return _answers(description, asdict(example), is_revalidated=True)


def _answers(description: str, example: object, *kinds: Kind, is_revalidated: bool) -> Responses:
    found: Responses = {
        200: {"description": description, "content": forms(example), "headers": _headers(is_revalidated)}
    }
    if is_revalidated:
        found[304] = {"description": "Nothing has changed since the answer whose ETag was sent as If-None-Match."}
    return found | problems(*OF_A_TIMELINE, *kinds)


def phrase_body() -> dict[str, Any]:
    """What `openapi_extra` says of a body of phrases, which the framework does not read itself."""
    columns = "An Arrow IPC stream with one column, `phrase`; `at_step` may stand in the metadata of its schema."
    content = {
        JSON: {"schema": {"$ref": f"#/components/schemas/{FirstSeenQuestion.__name__}"}},
        ARROW: {"schema": {"type": "string", "format": "binary", "description": columns}},
    }
    return {"requestBody": {"required": True, "content": content}}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """What `openapi_extra` says of a JSON body that the framework does not read itself."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}}


def problems(*kinds: Kind) -> Responses:
    """The problems of `kinds`, and those of every route."""
    by_status = sorted({*kinds, *EVERYWHERE}, key=lambda kind: (kind.status, kind.slug))
    return {status: _problem_response(list(same)) for status, same in groupby(by_status, lambda kind: kind.status)}


def forms(example: object) -> dict[str, Any]:
    """Every form of an answer; the schema of JSON comes from the route's response_model."""
    return {
        media: {"schema": _FORMS[media]} if media in _FORMS else {"example": json.dumps(example)} for media in MEDIA
    }


def complete(app: FastAPI, table: RouteTable) -> None:
    """Give `app` its schema, with what its routes only refer to, which keys they need, and its examples unpacked.

    Now, and not by several requests at once; services of the same routes share it, as it takes a third of a second.
    """
    routes = tuple(table)
    if routes not in _documents:
        _documents[routes] = _completed(app.openapi(), table)
    app.openapi = lambda: _documents[routes]  # type: ignore[method-assign]


_documents: dict[tuple[Entry, ...], dict[str, Any]] = {}
"""Routes → what they are said to be; never changed."""


def _completed(document: dict[str, Any], table: RouteTable) -> dict[str, Any]:
    _add_problems(document)
    _add_keys(document, table)
    _drop_null_parameters(document)
    _unpack_examples(document)
    return document


def _add_problems(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for model in (Problem, FieldProblem, FirstSeenQuestion, PairSetRequest, PhraseSetRequest):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, part in schema.pop("$defs", {}).items():
            schemas.setdefault(name, part)
        schemas[model.__name__] = schema


def _add_keys(document: dict[str, Any], table: RouteTable) -> None:
    """Which scope a key must have, for people and for machines."""
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "A key of the service, where it was given keys."}
    }
    for entry in table:
        operation = document["paths"].get(entry.template, {}).get(entry.method.lower())
        if operation is not None:
            _add_key(operation, entry)


def _add_key(operation: dict[str, Any], entry: Entry) -> None:
    if entry.is_public:
        operation["security"] = []
        for kind in OF_KEYS:
            operation["responses"].pop(str(kind.status), None)
        return
    scopes = sorted(entry.scopes)
    operation["security"] = [{"key": scopes}]
    said = " and ".join(f"`{scope}`" for scope in scopes)
    operation["description"] = f"{operation.get('description', '')}\n\nNeeds a key with scope {said}.".strip()


def _drop_null_parameters(document: dict[str, Any]) -> None:
    """What may be left out may not be null for that: there is no null in an address or a header."""
    for operation in (one for methods in document["paths"].values() for one in methods.values()):
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
            if len(kinds) == 1:
                del schema["anyOf"]
                parameter["schema"] = {**kinds[0], **schema}


def _unpack_examples(document: dict[str, Any]) -> None:
    """Examples travel through FastAPI as text: it drops what is null in objects."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                form = response.get("content", {}).get("application/json", {})
                if isinstance(form.get("example"), str):
                    form["example"] = json.loads(form["example"])


def _problem_response(kinds: list[Kind]) -> dict[str, Any]:
    return {
        "description": " ".join(f"{kind.title}." for kind in kinds),
        "content": {
            PROBLEM_JSON: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {kind.slug: {"value": _example(kind)} for kind in kinds},
            }
        },
    }


def _example(kind: Kind) -> dict[str, Any]:
    return {"type": kind.type, "title": kind.title, "status": kind.status, "detail": "…", "request_id": "4f0c…"}


def _headers(is_revalidated: bool) -> dict[str, Any]:
    headers = {"Exposure-Generation": "The generation that answered."}
    if is_revalidated:
        headers["ETag"] = "Send it as If-None-Match to be told whether anything has changed."
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
