"""Many phrases in one look-up: in as many requests as the service's limits ask for, from one generation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from exposure.answers import FirstSeen
from exposure.client.core import JSON, TABLES, Core, json_request
from exposure.client.exchanges import Plan
from exposure.client.problems import LimitExceeded, TooLarge, UnexpectedAnswer
from exposure.client.table import Table, joined

MOST_BYTES = 8 << 20
"""Of one body: half of what the service takes."""

BEGINNINGS = 5
"""How often a look-up begins again because something was published meanwhile."""


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
    """One phrase, or many: also a column of Arrow, pandas or polars."""
    if isinstance(phrases, str):
        return [phrases]
    values = phrases.to_pylist() if hasattr(phrases, "to_pylist") else phrases
    return list(values)


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
    body = {"phrases": portion} if at_step is None else {"phrases": portion, "at_step": at_step}
    accepted = TABLES if _is_text(portion) else JSON
    try:
        return (yield from core.table(FirstSeen, json_request(path, body, {"Accept": accepted})))
    except (LimitExceeded, TooLarge):
        if len(portion) <= 1:
            raise
        core.phrases = max(1, len(portion) // 2)
        return None


def _fitting(phrases: Sequence[str]) -> int:
    """How many of `phrases`, from the first on and at least one, fit into one body."""
    held = 0
    for place, size in enumerate(_sizes(phrases)):
        held += size
        if held > MOST_BYTES and place:
            return place
    return len(phrases)


def _sizes(phrases: Sequence[str]) -> Iterator[int]:
    """Bytes of each in JSON; of plain text, without making it."""
    for phrase in phrases:
        yield len(phrase) + 4 if phrase.isascii() and phrase.isprintable() else len(json.dumps(phrase)) + 2


def _is_text(phrases: Sequence[str]) -> bool:
    """Whether Arrow can hold them: halves of surrogate pairs are no text."""
    try:
        "\n".join(phrases).encode()
    except UnicodeEncodeError:
        return False
    return True
