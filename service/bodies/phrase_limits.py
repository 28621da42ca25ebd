"""How many phrases, and how long ones, one request may ask for."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from service.errors import LimitError
from service.settings import Limits


def refuse_excess(phrases: pa.StringArray, limits: Limits) -> None:
    """Raise LimitError for more, or longer, phrases than one request may ask for."""
    refuse_many(len(phrases), limits)
    lengths = pc.utf8_length(phrases)
    longest = pc.max(lengths).as_py()
    if longest > limits.phrase_characters:
        place = pc.index(pc.greater(lengths, limits.phrase_characters), True).as_py()
        raise LimitError(
            f"Phrase {place} has {lengths[place].as_py():,} characters, {limits.phrase_characters:,} is the most. "
            "Leave it out."
        )


def refuse_many(count: int, limits: Limits) -> None:
    """Raise LimitError for more phrases than one request may ask for."""
    if count > limits.phrases:
        raise LimitError(f"{count:,} phrases were asked for, {limits.phrases:,} is the most. Ask in several requests.")


def has_no_empty(texts: pa.StringArray) -> bool:
    """Whether there is a text, and none is null or empty."""
    return bool(len(texts)) and not texts.null_count and bool(pc.min(pc.binary_length(texts)).as_py())
