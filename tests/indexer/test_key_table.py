"""The table of keys and its filters: whatever was entered is found, however hashes meet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exposure.phrases import MatchRule
from indexer.compiled.hashing import next_token
from indexer.compiled.key_table import (
    DESCRIBED,
    FREE,
    GOES_ON,
    KeyTable,
    add_to_filter,
    bytes_of,
    fill,
    find_entry,
    is_in_filter,
    meaning_of,
    record_of,
    same_hash,
    tokens_of,
)
from indexer.matchers.word_keys import LARGEST_FILTER, SMALLEST_FILTER, key_table

LAST = 2**64 - 1
HASH = (
    st.integers(0, LAST) | st.integers(0, 40) | st.integers(LAST - 40, LAST) | st.integers(0, 40).map(lambda n: n << 57)
)
"""Some that fall on one slot, on the first ones and on the last."""
KEY = st.text(st.sampled_from("ab é漢'."), min_size=1, max_size=90).filter(lambda one: one == " ".join(one.split()))


@given(values=st.lists(HASH, max_size=200), power=st.sampled_from([SMALLEST_FILTER, 13, LARGEST_FILTER]))
@settings(max_examples=100)
def test_filters_let_everything_through_that_is_in_them(values: list[int], power: int) -> None:
    """A filter may be wrong about what is not in it, never about what is; an empty one lets nothing through."""
    bits, shift = np.zeros((1 << power) // 64, dtype=np.uint64), np.uint64(64 - power)
    hashes = [np.uint64(value) for value in values]
    assert not any(is_in_filter(bits, shift, value) for value in hashes)
    for value in hashes:
        add_to_filter(bits, shift, value)
    assert all(is_in_filter(bits, shift, value) == 1 for value in hashes)
    assert int(np.bitwise_count(bits).sum()) == len({value >> (64 - power) for value in values})


def filled(keys: list[list[int]], power: int, from_first: bool) -> KeyTable:
    """A table of keys, each given by the hashes of its tokens; key k has record k + 1 and k for its meaning."""
    shift, small = np.uint64(64 - power), np.uint64(64 - SMALLEST_FILTER)
    filters = [np.zeros((1 << SMALLEST_FILTER) // 64, dtype=np.uint64) for _ in range(3)]
    records = np.zeros(2 * len(keys) + 5, dtype=np.uint64)
    places = 1 + 2 * np.arange(len(keys), dtype=np.int64)
    records[places + 1] = np.arange(len(keys), dtype=np.uint64) << np.uint64(32)
    table = KeyTable(
        np.zeros(2 << power, dtype=np.uint64), shift, records, records.view(np.uint8), filters[0], small, filters[1],
        small, filters[2], small, any(len(key) == 1 for key in keys), max(map(len, keys), default=1),
    )  # fmt: skip
    hashes = np.array([token for key in keys for token in key], dtype=np.uint64)
    fill(table, hashes, np.cumsum([0, *map(len, keys)]).astype(np.int64), places, from_first)
    return table


def meanings(table: KeyTable, value: np.uint64, tokens: int) -> list[int]:
    """What the keys of a hash and so many tokens mean."""
    record = record_of(find_entry(table.entries, table.shift, value))
    found = []
    while record:
        if tokens_of(table.records[record]) == tokens:
            found.append(int(meaning_of(table.records[record + 1])))
        record = same_hash(table.records[record])
    return found


@pytest.mark.parametrize("from_first", [False, True])
@given(keys=st.lists(st.lists(HASH, min_size=1, max_size=5), max_size=20), others=st.lists(HASH, max_size=20))
@settings(max_examples=100)
@example([[7], [0, 7], [0, 0, 7], [7]], [0])
@example([[LAST], [LAST - 1], [LAST - 2], [LAST, 3]], [5, LAST - 3])
def test_every_key_is_reached_by_its_tokens(from_first: bool, keys: list[list[int]], others: list[int]) -> None:
    """From token to token the table says that it goes on, and at the last one it has the key; the filters agree."""
    table = filled(keys, 8, from_first)
    entered = set()
    for number, key in enumerate(keys):
        value = np.uint64(key[0])
        if from_first or len(key) == 1:
            assert is_in_filter(table.singles, table.single_shift, value)
        for depth, token in enumerate(key[1:], 2):
            if from_first or depth > 2:
                assert find_entry(table.entries, table.shift, value) & int(GOES_ON)
                entered.add(int(value))
            value = np.uint64(next_token(value, np.uint64(token)))
            if depth == 2:
                assert is_in_filter(table.pairs, table.pair_shift, value)
            if depth == 3 or depth == 2 == len(key):
                assert is_in_filter(table.triples, table.triple_shift, value)
        entered.add(int(value))
        assert number in meanings(table, value, len(key))
    for other in {*others} - entered:
        assert find_entry(table.entries, table.shift, np.uint64(other)) == FREE


@given(
    st.sets(
        st.text(st.sampled_from("ab é漢'."), min_size=1, max_size=90).filter(lambda one: one == " ".join(one.split())),
        max_size=30,
    )
)
@settings(max_examples=60)
def test_records_hold_the_bytes_of_keys(texts: set[str]) -> None:
    """Each key's record has its bytes, its length and its meaning, and can be read eight bytes beyond."""
    keys = sorted(texts - {""})
    table = key_table(keys, np.arange(len(keys), dtype=np.int32), MatchRule(case="exact"), from_first=False)
    found = {}
    record = 1
    for key in keys:
        size = bytes_of(table.records[record + 1])
        start = 8 * (record + DESCRIBED)
        found[table.record_bytes[start : start + size].tobytes().decode()] = int(meaning_of(table.records[record + 1]))
        assert len(table.record_bytes) >= start + size + 8
        record += DESCRIBED + -(-len(key.encode()) // 8)
    assert found == {key: number for number, key in enumerate(keys)}
