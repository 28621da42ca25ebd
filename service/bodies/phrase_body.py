"""The body of a question for many phrases: one JSON object, or an Arrow stream with a column `phrase`.

100,000 phrases take too long to read on the event loop: this is done in a thread, JSON's in short pieces, and Arrow's
without the interpreter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from exposure.encoding import ARROW
from service.answers.questions import MAX_STEP, FirstSeenQuestion, Step
from service.bodies.json_bodies import READ_HERE_BYTES, read, refuse_other_media
from service.bodies.sliced_phrases import sliced
from service.children import Children
from service.errors import BodyError, InvalidRequestError, LimitError
from service.settings import Limits

READING = "service.bodies.phrase_reading"

_STEP = TypeAdapter(Step)


@dataclass(frozen=True)
class AskedPhrases:
    """Phrases, and the checkpoint that is asked for."""

    phrases: pa.StringArray
    at_step: int | None


def asked_phrases(body: bytes, content_type: str, limits: Limits, children: Children | None = None) -> AskedPhrases:
    """What `body` asks for; a long one that is not quite right is read by one of `children`.

    Raises MediaTypeError for another media type, BodyError and InvalidRequestError for what is wrong in it, LimitError
    for more, or longer, phrases than one request may ask for, BusyError and TooSlowError as `children` do.
    """
    if content_type.partition(";")[0].strip().lower() == ARROW:
        asked = _of_arrow(body, limits)
    else:
        refuse_other_media(content_type, ARROW)
        asked = _of_json(body, limits, children)
    refuse_excess(asked.phrases, limits)
    return asked


def _of_json(body: bytes, limits: Limits, children: Children | None) -> AskedPhrases:
    asked = _sliced(body)
    if asked is not None:
        return asked
    if children is None or len(body) <= READ_HERE_BYTES:
        return read_whole(body, limits)
    question = {"phrases": limits.phrases, "phrase_characters": limits.phrase_characters}
    reply = children.ask(READING, question, body)
    phrases = pa.array(chain.from_iterable(row["phrases"] for row in reply.rows), pa.string())
    return AskedPhrases(phrases, reply.end["at_step"])


def _sliced(body: bytes) -> AskedPhrases | None:
    """What a body asks for that is right in every way; None where anything is wrong, which takes longer to say."""
    found = sliced(body)
    if found is None or not _has_no_empty(found[0]) or (found[1] or 0) > MAX_STEP:
        return None
    return AskedPhrases(*found)


def _has_no_empty(texts: pa.StringArray) -> bool:
    """Whether there is a text, and none is null or empty."""
    return bool(len(texts)) and not texts.null_count and bool(pc.min(pc.binary_length(texts)).as_py())


def read_whole(body: bytes, limits: Limits) -> AskedPhrases:
    """What a JSON body asks for; raises BodyError, InvalidRequestError. Takes the interpreter until it is read."""
    asked = read(body, FirstSeenQuestion, limits.phrases + 1)
    return AskedPhrases(pa.array(asked.phrases, pa.string()), asked.at_step)


def _of_arrow(body: bytes, limits: Limits) -> AskedPhrases:
    try:
        with pa.ipc.open_stream(body) as stream:
            table = stream.read_all()
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BodyError(
            f"The body is no Arrow stream ({str(error).splitlines()[0]}). Send one, or one JSON object, as /docs says."
        ) from error
    if table.column_names != ["phrase"] or not _is_text(table.schema.field("phrase").type):
        given = ", ".join(f"{field.name}: {field.type}" for field in table.schema)
        raise _wrong(("columns",), f"Input should be one column, phrase: string; it is {given or 'none'}")
    _refuse_many(len(table), limits)  # of a dictionary a few bytes may stand for a long text, as often as one likes
    phrases = pc.cast(table["phrase"], pa.string()).combine_chunks()
    phrases = phrases if isinstance(phrases, pa.Array) else pa.concat_arrays(phrases.chunks)
    if not len(phrases):
        raise _wrong(("phrase",), "Column should have at least 1 item")
    if not _has_no_empty(phrases):
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


def refuse_excess(phrases: pa.StringArray, limits: Limits) -> None:
    """Raise LimitError for more, or longer, phrases than one request may ask for."""
    _refuse_many(len(phrases), limits)
    lengths = pc.utf8_length(phrases)
    longest = pc.max(lengths).as_py()
    if longest > limits.phrase_characters:
        place = pc.index(pc.greater(lengths, limits.phrase_characters), True).as_py()
        raise LimitError(
            f"Phrase {place} has {lengths[place].as_py():,} characters, {limits.phrase_characters:,} is the most. "
            "Leave it out."
        )


def _refuse_many(count: int, limits: Limits) -> None:
    if count > limits.phrases:
        raise LimitError(f"{count:,} phrases were asked for, {limits.phrases:,} is the most. Ask in several requests.")


def _wrong(where: tuple[str, ...], message: str) -> InvalidRequestError:
    return InvalidRequestError.of([{"loc": ("body", *where), "msg": message}])
