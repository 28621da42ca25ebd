"""The body of a question for many phrases: one JSON object, or an Arrow stream with a column `phrase`.

100,000 phrases take too long to read on the event loop: this is done in a thread, and Arrow's without the interpreter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
from fastapi.exceptions import RequestValidationError
from pydantic import FailFast, Field, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

from exposure.encoding import ARROW, JSON
from service.errors import LimitError, MediaTypeError
from service.questions import FirstSeenQuestion, Step, Text
from service.settings import Limits

_STEP = TypeAdapter(Step)


class _Quick(FirstSeenQuestion):
    """The same, that ends with the first wrong phrase: a body has room for millions of them."""

    phrases: Annotated[list[Text], FailFast()] = Field(min_length=1)


@dataclass(frozen=True)
class AskedPhrases:
    """Phrases, and the checkpoint that is asked for."""

    phrases: pa.StringArray
    at_step: int | None


def asked_phrases(body: bytes, content_type: str, limits: Limits) -> AskedPhrases:
    """What `body` asks for.

    Raises MediaTypeError for another media type, RequestValidationError and HTTPException as the framework does for
    bodies that it reads itself, LimitError for more, or longer, phrases than one request may ask for.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media == ARROW:
        asked = _of_arrow(body)
    elif media == JSON or (media.startswith("application/") and media.endswith("+json")):
        asked = _of_json(body, limits)
    else:
        raise MediaTypeError(
            f"The body's Content-Type is {content_type!r}; send JSON, with Content-Type: {JSON}, or {ARROW}."
        )
    _refuse_excess(asked.phrases, limits)
    return asked


def _of_json(body: bytes, limits: Limits) -> AskedPhrases:
    asked: FirstSeenQuestion
    try:
        asked = _Quick.model_validate_json(body)
    except ValidationError:
        asked = _explained(body, limits)
    return AskedPhrases(pa.array(asked.phrases, pa.string()), asked.at_step)


def _explained(body: bytes, limits: Limits) -> FirstSeenQuestion:
    """The same by the way that the framework goes, for its words on what is wrong."""
    if not body:
        raise _invalid([{"type": "missing", "loc": (), "msg": "Field required", "input": None}])
    try:
        content = json.loads(body)
    except json.JSONDecodeError as error:
        wrong = {"type": "json_invalid", "loc": (error.pos,), "msg": "JSON decode error", "input": {}}
        raise _invalid([{**wrong, "ctx": {"error": error.msg}}]) from error
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "There was an error parsing the body") from error
    try:
        return FirstSeenQuestion.model_validate(_cut(content, limits.phrases + 1))
    except ValidationError as error:
        raise _invalid(error.errors(include_url=False)) from error


def _cut(content: Any, phrases: int) -> Any:
    """`content` with so many phrases at most: one too many is refused, whatever comes after it."""
    asked = content.get("phrases") if isinstance(content, dict) else None
    return {**content, "phrases": asked[:phrases]} if isinstance(asked, list) else content


def _of_arrow(body: bytes) -> AskedPhrases:
    try:
        with pa.ipc.open_stream(body) as stream:
            table = stream.read_all()
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise HTTPException(400, f"The body is no Arrow stream ({str(error).splitlines()[0]})") from error
    if table.column_names != ["phrase"] or not _is_text(table.schema.field("phrase").type):
        given = ", ".join(f"{field.name}: {field.type}" for field in table.schema)
        raise _wrong(("columns",), f"Input should be one column, phrase: string; it is {given or 'none'}")
    phrases = pc.cast(table["phrase"], pa.string()).combine_chunks()
    phrases = phrases if isinstance(phrases, pa.Array) else pa.concat_arrays(phrases.chunks)
    if not len(phrases):
        raise _wrong(("phrase",), "Column should have at least 1 item")
    if phrases.null_count or pc.min(pc.binary_length(phrases)).as_py() == 0:
        raise _wrong(("phrase",), "No phrase should be null or empty")
    return AskedPhrases(phrases, _step_in(table.schema.metadata or {}))


def _is_text(of_type: pa.DataType) -> bool:
    if pa.types.is_dictionary(of_type):
        return _is_text(of_type.value_type)
    return any(is_text(of_type) for is_text in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _step_in(metadata: dict[bytes, bytes]) -> int | None:
    """`at_step` of the schema's metadata; what else writers put there means nothing."""
    given = metadata.get(b"at_step")
    if given is None:
        return None
    try:
        return _STEP.validate_python(given.decode("ascii"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise _wrong(("at_step",), "Input should be a whole number from 0 to 2^53 - 1") from error


def _refuse_excess(phrases: pa.StringArray, limits: Limits) -> None:
    if len(phrases) > limits.phrases:
        raise LimitError(
            f"{len(phrases):,} phrases were asked for, {limits.phrases:,} is the most. Ask in several requests."
        )
    lengths = pc.utf8_length(phrases)
    longest = pc.max(lengths).as_py()
    if longest > limits.phrase_characters:
        place = pc.index(pc.greater(lengths, limits.phrase_characters), True).as_py()
        raise LimitError(
            f"Phrase {place} has {lengths[place].as_py():,} characters, {limits.phrase_characters:,} is the most. "
            "Leave it out."
        )


def _wrong(where: tuple[str, ...], message: str) -> RequestValidationError:
    return _invalid([{"type": "value_error", "loc": where, "msg": message, "input": None}])


def _invalid(errors: Any) -> RequestValidationError:
    return RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in errors])
