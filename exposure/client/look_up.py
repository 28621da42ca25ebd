"""Many phrases in one look-up: in as many requests as the service's limits ask for, from one generation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exposure.answers import FirstSeen
from exposure.client.arrow_wire import ARROW, column_of
from exposure.client.core import BEGINNINGS, TABLES, Core
from exposure.client.exchanges import Plan, Request
from exposure.client.problems import LimitExceeded, TooLarge, UnexpectedAnswer
from exposure.client.table import Table, joined
from exposure.errors import UsageError

MOST_BYTES = 8 << 20
"""Of the phrases of one request: half of what the service takes."""


def first_seen(core: Core, path: str, phrases: str | Iterable[str], at_step: int | None) -> Plan[Table[FirstSeen]]:
    """The answers for all `phrases`, in their order; raises UnexpectedAnswer where no one generation gave them."""
    asked = texts_of(phrases)
    for _ in range(BEGINNINGS):
        tables = yield from _of_one_generation(core, path, asked, at_step)
        if tables is not None:
            return joined(tables)
    raise UnexpectedAnswer(
        f"The timeline was published anew {BEGINNINGS} times while {len(asked):,} phrases were looked up. Ask again "
        "when indexing is done."
    )


def texts_of(phrases: str | Iterable[str]) -> list[str]:
    """One phrase, or many: also a column of Arrow, pandas or polars. Raises UsageError for what is no text."""
    if isinstance(phrases, str):
        phrases = [phrases]
    texts = list(phrases.to_pylist() if hasattr(phrases, "to_pylist") else phrases)
    for place, text in enumerate(texts):
        if not (isinstance(text, str) and _is_unicode(text)):
            raise UsageError(f"Phrase {place} is {text!r}, and texts were expected. Leave it out, or write it as text.")
    return texts


def _is_unicode(text: str) -> bool:
    """Whether it can be sent: a half of a surrogate pair is no character."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _of_one_generation(
    core: Core, path: str, asked: Sequence[str], at_step: int | None
) -> Plan[list[Table[FirstSeen]] | None]:
    """A table for each request; None once one is of another generation than the first."""
    tables: list[Table[FirstSeen]] = []
    place = 0
    while place < len(asked) or not tables:
        portion = asked[place : place + core.phrases]
        portion = portion[: _fitting(portion)]
        table = yield from _asked(core, path, portion, at_step)
        if table is None:
            continue  # with fewer at once
        if tables and table.generation != tables[0].generation:
            return None
        tables.append(table)
        place += max(1, len(portion))
    return tables


def _asked(core: Core, path: str, portion: Sequence[str], at_step: int | None) -> Plan[Table[FirstSeen] | None]:
    """The answers for `portion`; None where it was too much at once, which `core` then knows."""
    try:
        return (yield from core.table(FirstSeen, _question(path, portion, at_step)))
    except (LimitExceeded, TooLarge):
        if len(portion) <= 1:
            raise
        core.phrases = max(1, len(portion) // 2)
        return None


def _question(path: str, phrases: Sequence[str], at_step: int | None) -> Request:
    """Arrow both ways."""
    return Request("POST", path, (), {"Content-Type": ARROW, "Accept": TABLES}, column_of(phrases, at_step))


def _fitting(phrases: Sequence[str]) -> int:
    """How many of `phrases`, from the first on and at least one, fit into one body."""
    held = 0
    for place, phrase in enumerate(phrases):
        held += 4 + (len(phrase) if phrase.isascii() else len(phrase.encode()))
        if held > MOST_BYTES and place:
            return place
    return len(phrases)
