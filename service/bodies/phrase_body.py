"""The body of a question for many phrases: one JSON object, or an Arrow stream with a column `phrase`.

100,000 phrases take too long to read on the event loop: this is done in a thread, JSON's in short pieces, and Arrow's
without the interpreter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import pyarrow as pa

from exposure.encoding import ARROW
from service.answers.questions import MAX_STEP, FirstSeenQuestion
from service.bodies.arrow_phrases import arrow_phrases
from service.bodies.json_bodies import READ_HERE_BYTES, read, refuse_other_media
from service.bodies.phrase_limits import has_no_empty, refuse_excess
from service.bodies.sliced_phrases import sliced
from service.children import Children
from service.settings import Limits

READING = "service.bodies.phrase_reading"


@dataclass(frozen=True)
class AskedPhrases:
    """Phrases, and the checkpoint that is asked for."""

    phrases: pa.StringArray
    at_step: int | None


def asked_phrases(body: bytes, content_type: str, limits: Limits, children: Children | None = None) -> AskedPhrases:
    """What `body` asks for; a long one that is not quite right is read by one of `children`.

    Raises MediaTypeError for another media type, and for what is not read of Arrow's, BodyError and InvalidRequestError
    for what is wrong in it, LimitError for more, or longer, phrases than one request may ask for, BusyError and
    TooSlowError as `children` do.
    """
    if content_type.partition(";")[0].strip().lower() == ARROW:
        asked = AskedPhrases(*arrow_phrases(body, limits))
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
    if found is None or not has_no_empty(found[0]) or (found[1] or 0) > MAX_STEP:
        return None
    return AskedPhrases(*found)


def read_whole(body: bytes, limits: Limits) -> AskedPhrases:
    """What a JSON body asks for; raises BodyError, InvalidRequestError. Takes the interpreter until it is read."""
    asked = read(body, FirstSeenQuestion, limits.phrases + 1)
    return AskedPhrases(pa.array(asked.phrases, pa.string()), asked.at_step)
