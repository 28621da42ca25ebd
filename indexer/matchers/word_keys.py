"""What the word matcher looks for, as arrays: keys and the table of their beginnings, and the phrases that use them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from exposure.phrases import MatchRule, Phrase
from indexer.blocks import GAP, laid_out
from indexer.compiled.characters import RUN, classes, stand_ins
from indexer.compiled.gap_search import Gaps
from indexer.compiled.key_table import BOUNDS_AT, DESCRIBED, MEANING_AT, KeyTable, fill
from indexer.compiled.key_tokens import copy_texts, hashes_of
from indexer.compiled.key_users import ANCHORED, LATER, PLAIN, Users
from indexer.compiled.marked_text import Marker
from indexer.matchers.phrase_keys import Normalise, phrase_key

Integers = npt.NDArray[np.int64]
FILTER_BITS = 32
"""Bits of a filter for each hash in it: 3 % of those that are not in it pass."""
LARGEST_FILTER, SMALLEST_FILTER = 22, 12
"""Powers of two: half a megabyte still fits the second cache."""


class WordKeys(NamedTuple):
    """All that a search needs to know of what it looks for. The keys of `table` mean what key_users.py says."""

    table: KeyTable
    users: Users
    gaps: Gaps


def word_keys(phrases: Iterable[Phrase], rule: MatchRule, normalise: Normalise) -> WordKeys:
    """The arrays of a list of phrases; a phrase's number is its place in the list."""
    numbers: dict[str, int] = {}
    earlier: dict[str, int] = {}
    uses: list[tuple[int, int, int]] = []
    patterns: list[tuple[int, int, int, int]] = []
    for number, phrase in enumerate(phrases):
        texts = [phrase_key(part, rule, normalise) for part in phrase.parts]
        key = numbers.setdefault(texts[-1], len(numbers))
        if phrase.gap:
            patterns.append((key, earlier.setdefault(texts[0], len(earlier)), phrase.gap, number))
        else:
            uses.append((key, number, ANCHORED if phrase.sentence_end else PLAIN))
    uses += [(key, -1, LATER) for key in {pattern[0] for pattern in patterns}]
    users = _users(uses, len(numbers))
    table = key_table(list(numbers), _meanings(users), rule, from_first=False)
    return WordKeys(table, users, _gaps(patterns, len(numbers), list(earlier), rule))


def _users(uses: list[tuple[int, int, int]], keys: int) -> Users:
    columns = np.array(sorted(uses), dtype=np.int64).reshape(-1, 3)
    first = np.searchsorted(columns[:, 0], np.arange(keys + 1))
    return Users(first, columns[:, 1].astype(np.int32), columns[:, 2].astype(np.uint8))


def _meanings(users: Users) -> npt.NDArray[np.int32]:
    """The phrase of each key that is just one plain phrase, else -1 - key."""
    is_one = (np.diff(users.first) == 1) & (users.kind[users.first[:-1]] == PLAIN)
    return np.where(is_one, users.phrase[users.first[:-1]], -1 - np.arange(len(is_one))).astype(np.int32)


def _gaps(patterns: list[tuple[int, int, int, int]], keys: int, earlier: list[str], rule: MatchRule) -> Gaps:
    columns = np.array(sorted(patterns), dtype=np.int64).reshape(-1, 4)
    widest = np.zeros(keys, dtype=np.int32)
    np.maximum.at(widest, columns[:, 0], columns[:, 2].astype(np.int32))
    first = np.searchsorted(columns[:, 0], np.arange(keys + 1))
    table = key_table(earlier, np.arange(len(earlier), dtype=np.int32), rule, from_first=True)
    _, earlier_key, window, phrase = columns.T.astype(np.int32)
    return Gaps(first, earlier_key, window, phrase, widest, int(widest.max(initial=0)), table)


def key_table(texts: list[str], meanings: npt.NDArray[np.int32], rule: MatchRule, from_first: bool) -> KeyTable:
    """The table of distinct folded texts; `from_first`: whether beginnings of one token are entered."""
    text, starts, ends = laid_out([_represented(one, rule).encode() for one in texts])
    marked = Marker(MatchRule(case="exact")).mark(text, int(ends[-1]) + len(GAP) if texts else 0)
    hashes, first_tokens = hashes_of(marked, starts)
    lengths = np.diff(first_tokens)
    entries, shift = _entries(int(np.maximum(lengths - (0 if from_first else 1), 1).sum()))
    singles, single_shift = _filter(len(texts) if from_first else int((lengths == 1).sum()))
    pairs, pair_shift = _filter(int((lengths > 1).sum()))
    triples, triple_shift = _filter(int((lengths > 1).sum()))
    records, key_records = _records(texts, meanings, text, starts, ends)
    table = KeyTable(
        entries=entries,
        shift=shift,
        records=records,
        record_bytes=records.view(np.uint8),
        singles=singles,
        single_shift=single_shift,
        pairs=pairs,
        pair_shift=pair_shift,
        triples=triples,
        triple_shift=triple_shift,
        has_singles=bool((lengths == 1).any()),
        longest=int(lengths.max(initial=1)),
    )
    fill(table, hashes, first_tokens, key_records, from_first)
    return table


def _records(
    texts: list[str], meanings: npt.NDArray[np.int32], text: npt.NDArray[np.uint8], starts: Integers, ends: Integers
) -> tuple[npt.NDArray[np.uint64], Integers]:
    """The records of all keys (but for what fill() enters), and where each is."""
    words = DESCRIBED + (ends - starts + 7) // 8
    places = 1 + np.cumsum(words) - words
    records = np.zeros(int(words.sum()) + 3, dtype=np.uint64)
    bounds = np.array([demanded(one[0]) | demanded(one[-1]) << 1 for one in texts], dtype=np.uint64)
    records[places] = bounds << BOUNDS_AT
    records[places + 1] = (ends - starts).astype(np.uint64) | meanings.astype(np.uint32).astype(np.uint64) << MEANING_AT
    copy_texts(text, starts, ends, (places + DESCRIBED) * 8, records.view(np.uint8))
    return records, places


def demanded(character: str) -> int:
    """1 where a phrase that begins or ends with `character` must stand at a word boundary there, else 0."""
    return int(classes()[ord(character)] & RUN)


def _represented(text: str, rule: MatchRule) -> str:
    """A text by the characters that stand for what folds alike."""
    if rule.case == "exact" or text.isascii():
        return text
    return "".join(chr(stand_ins()[ord(one)]) for one in text)


def _entries(beginnings: int) -> tuple[npt.NDArray[np.uint64], np.uint64]:
    """A free table for so many beginnings, filled to 60 % at most, and its shift."""
    power = max(int(np.ceil(np.log2(beginnings / 0.6 + 1))), 4)
    return np.zeros(2 << power, dtype=np.uint64), np.uint64(64 - power)


def _filter(hashes: int) -> tuple[npt.NDArray[np.uint64], np.uint64]:
    """An empty filter for so many hashes, and its shift."""
    power = int(np.clip(np.ceil(np.log2(hashes * FILTER_BITS + 1)), SMALLEST_FILTER, LARGEST_FILTER))
    return np.zeros((1 << power) // 64, dtype=np.uint64), np.uint64(64 - power)
