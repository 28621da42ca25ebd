"""Sets made for the service: `python -m service.making` answers one question, on standard input in JSON.

It runs apart because reading the body, validating, extracting by somebody's regular expressions and writing take the
interpreter for seconds, or for ever. `data` is the data directory, `roots` the operator's, `limits` those on phrases,
`kind` what to make; the request's body comes after the question. The end is {"id": …, "is_new": …}.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exposure.answering_child import answer_question, sent_with_question
from exposure.api.names import RootedPath
from exposure.api.uploads import PairSetRequest, PhraseSetRequest
from exposure.errors import PairsError
from exposure.pair_files import load_pairs
from exposure.pairs import MinimalPair
from service.data_directory import DataDirectory
from service.errors import InputError, NotFoundError
from service.roots.rooted_copy import copied
from service.sets.pair_set_making import make_pair_set, pairs_of_rows
from service.sets.phrase_set_making import copied_phrase_set, extracted_phrase_set, listed_phrase_set
from service.sets.uploads import read_upload
from service.settings import Limits, Settings

MOST_BYTES = 1 << 30
"""Of the files that one request names."""


def answer(question: dict[str, Any], body: bytes) -> tuple[tuple[()], dict[str, Any]]:
    """Make what `body` asks for; raises as `read_upload`, InputError, NotFoundError, PairsError for what is damaged."""
    settings = Settings(
        Path(question["data"]),
        roots={name: Path(folder) for name, folder in question["roots"].items()},
        limits=Limits(**question["limits"]),
    )
    asked = read_upload(settings, question["kind"], body)
    made = _pair_set(settings, asked) if isinstance(asked, PairSetRequest) else _phrase_set(settings, asked)
    return (), {"id": made[0], "is_new": made[1]}


def _pair_set(settings: Settings, asked: PairSetRequest) -> tuple[str, bool]:
    data = DataDirectory(settings.data)
    with _brought():
        if asked.rooted is None:
            return make_pair_set(data, pairs_of_rows(asked.pairs or []))
        return make_pair_set(data, _pairs_beneath(settings, asked.rooted))


def _phrase_set(settings: Settings, asked: PhraseSetRequest) -> tuple[str, bool]:
    data = DataDirectory(settings.data)
    if asked.pair_set is not None:
        return _extracted(data, asked.pair_set, asked.rules)
    with _brought():
        if asked.phrases is not None:
            return listed_phrase_set(data, asked.phrases)
        assert asked.rooted is not None
        with copied(settings, asked.rooted, MOST_BYTES) as copy:
            if copy.path.is_dir():
                raise PairsError(copy.as_named(f"{copy.path} is a folder; a phrase file was expected. Name the file."))
            return copied_phrase_set(data, copy.path)


def _extracted(data: DataDirectory, pair_set: str, rules: str | None) -> tuple[str, bool]:
    if not data.pairs(pair_set).is_file():
        raise NotFoundError(f"There is no pair set {pair_set}. GET /v1/pair-sets lists those that there are.")
    pairs = load_pairs([data.pairs(pair_set)])  # a set that is damaged is not the request's mistake
    with _brought():
        return extracted_phrase_set(data, pair_set, pairs, rules)


@contextmanager
def _brought() -> Iterator[None]:
    """In the block, what is wrong with pairs, phrases and rules is wrong with what the request brought."""
    try:
        yield
    except PairsError as error:
        raise InputError(str(error)) from error


def _pairs_beneath(settings: Settings, rooted: RootedPath) -> list[MinimalPair]:
    with copied(settings, rooted, MOST_BYTES) as copy:
        try:
            return load_pairs([copy.path])
        except PairsError as error:
            raise PairsError(copy.as_named(str(error))) from error


if __name__ == "__main__":
    sys.exit(answer_question(lambda question: answer(question, sent_with_question())))
