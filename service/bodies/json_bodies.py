"""JSON bodies, read strictly: a field given twice is refused, and what is wrong is said as the framework says it.

Parsing takes the interpreter from everybody else, some 100 ms for 16 MiB of braces. So what is longer than
`READ_HERE_BYTES` is read in a child process, or in short pieces (service/bodies/sliced_phrases.py); for what the
framework reads itself see service/gates/json_gate.py.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from exposure.encoding import JSON
from service.errors import BodyError, InvalidRequestError, MediaTypeError

READ_HERE_BYTES = 16 << 10
"""A body that is no longer takes a few milliseconds, whatever it holds."""

SHOWN_CHARACTERS = 100
"""Of a name that was sent."""

Model = TypeVar("Model", bound=BaseModel)


def is_json(content_type: str) -> bool:
    """Whether a Content-Type says that the body is JSON."""
    media = content_type.partition(";")[0].strip().lower()
    return media == JSON or (media.startswith("application/") and media.endswith("+json"))


def refuse_other_media(content_type: str, *others: str) -> None:
    """Raise MediaTypeError for a Content-Type that is not JSON; `others` are what the route reads beside it."""
    if not is_json(content_type):
        forms = ", or ".join((JSON, *others))
        raise MediaTypeError(f"The body's Content-Type is {content_type!r}; send JSON, with Content-Type: {forms}.")


def parsed(body: bytes) -> Any:
    """The content of a JSON body; raises BodyError where it is none, or a field stands in it twice."""
    try:
        return json.loads(body, object_pairs_hook=once_each)
    except json.JSONDecodeError as error:
        raise BodyError(
            f"The body is not JSON: {error.msg}, at character {error.pos}. Send one JSON object."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BodyError("There was an error parsing the body. Send one JSON object, as listed at /docs.") from error


def once_each(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these fields; raises BodyError for a name that stands there twice: one would silently win."""
    found = dict(fields)
    if len(found) < len(fields):
        seen: set[str] = set()
        twice = next(name for name, _ in fields if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise BodyError(f"The field {shown(twice)} stands twice in one object of the body. Give it once.")
    return found


def shown(name: str) -> str:
    """A name that was sent, in quotes, not longer than one likes to read."""
    return repr(name if len(name) <= SHOWN_CHARACTERS else name[:SHOWN_CHARACTERS] + "…")


def read(body: bytes, model: type[Model], most_items: int) -> Model:
    """`body` as a `model`.

    Lists in it are held against the model up to `most_items`: what is longer is refused whatever comes then. Raises
    BodyError as `parsed`, InvalidRequestError where fields are wrong.
    """
    if not body:
        raise InvalidRequestError.of([{"loc": ("body",), "msg": "Field required"}])
    content = parsed(body)
    cut = _cut(content, most_items)
    try:
        return model.model_validate(cut)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        named = [{**one, "loc": ("body", *one["loc"])} for one in found]
        raise InvalidRequestError.of(named, is_all=cut is content) from error


def _cut(content: Any, most_items: int) -> Any:
    """`content` itself where no list of its fields is longer than `most_items`; else with those cut off there."""
    if not isinstance(content, dict) or not any(_is_longer(value, most_items) for value in content.values()):
        return content
    return {name: value[:most_items] if isinstance(value, list) else value for name, value in content.items()}


def _is_longer(value: Any, most_items: int) -> bool:
    return isinstance(value, list) and len(value) > most_items
