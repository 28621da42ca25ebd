"""Sets made for the service: `python -m service.making` answers one question, on standard input in JSON.

It runs apart because validating, extracting by somebody's regular expressions and writing take the interpreter for
seconds, or for ever. `data` is the data directory, `roots` the operator's; beside them one of
{"pair_set": {"pairs": rows or null, "rooted": {root, path} or null}},
{"phrase_set": {"phrases": texts, "pair_set": id, "rules": YAML, "rooted": …}} (what was not given is null).
The end is {"id": …, "is_new": …}.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from exposure.answering_child import answer_question
from exposure.api.names import RootedPath
from exposure.errors import PairsError
from exposure.pair_files import load_pairs
from exposure.pairs import MinimalPair
from service.data_directory import DataDirectory
from service.errors import NotFoundError
from service.pair_set_making import make_pair_set, pairs_of_rows
from service.phrase_set_making import copied_phrase_set, extracted_phrase_set, listed_phrase_set
from service.rooted_copy import copied
from service.settings import Settings

MOST_BYTES = 1 << 30
"""Of the files that one request names."""


def answer(question: dict[str, Any]) -> tuple[tuple[()], dict[str, Any]]:
    """Make what `question` asks for; raises PairsError, RootError, LimitError, NotFoundError."""
    settings = Settings(
        Path(question["data"]), roots={name: Path(folder) for name, folder in question["roots"].items()}
    )
    made = (
        _pair_set(settings, **question["pair_set"])
        if question["pair_set"] is not None
        else _phrase_set(settings, **question["phrase_set"])
    )
    return (), {"id": made[0], "is_new": made[1]}


def _pair_set(
    settings: Settings, pairs: list[dict[str, Any]] | None, rooted: dict[str, str] | None
) -> tuple[str, bool]:
    loaded = _pairs_beneath(settings, RootedPath(**rooted)) if rooted else pairs_of_rows(pairs or [])
    return make_pair_set(DataDirectory(settings.data), loaded)


def _phrase_set(
    settings: Settings,
    phrases: list[str] | None,
    pair_set: str | None,
    rules: str | None,
    rooted: dict[str, str] | None,
) -> tuple[str, bool]:
    data = DataDirectory(settings.data)
    if phrases is not None:
        return listed_phrase_set(data, phrases)
    if pair_set is not None:
        if not data.pairs(pair_set).is_file():
            raise NotFoundError(f"There is no pair set {pair_set}. GET /v1/pair-sets lists those that there are.")
        return extracted_phrase_set(data, pair_set, load_pairs([data.pairs(pair_set)]), rules)
    assert rooted is not None
    with copied(settings, RootedPath(**rooted), MOST_BYTES) as copy:
        return copied_phrase_set(data, copy.path)


def _pairs_beneath(settings: Settings, rooted: RootedPath) -> list[MinimalPair]:
    with copied(settings, rooted, MOST_BYTES) as copy:
        try:
            return load_pairs([copy.path])
        except PairsError as error:
            raise PairsError(copy.as_named(str(error))) from error


if __name__ == "__main__":
    sys.exit(answer_question(answer))
