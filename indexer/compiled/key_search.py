"""Every place of a text where a key stands: tokens → hashes → filters → table → comparison. No Python in between.

Each step goes over a whole window of tokens before the next begins, and keeps what passes without a branch: branches
here are guessed wrong, and memory that is asked for in one step is there in the next. Arrays are taken out of their
tuples once, before any loop: each time costs a counted reference.
"""

from __future__ import annotations

import numpy as np

from indexer.compiled.arrays import Bytes, Integers, KeyPlaces, Places, Scratch, Word, Words
from indexer.compiled.comparing import key_end
from indexer.compiled.gap_search import hash_at, next_set
from indexer.compiled.hashing import hash_tokens, next_token, token_starts
from indexer.compiled.jit import kernel
from indexer.compiled.key_table import (
    KeyTable,
    find_entry,
    is_in_filter,
    meaning_of,
    record_of,
    same_hash,
    tokens_of,
)
from indexer.compiled.marked_text import MarkedText
from indexer.compiled.vectors import prefetch

WINDOW = 256
"""Blocks of 64 bytes whose tokens are worked on at a time: what they need stays in the first cache."""

ONE = np.uint64(1)


@kernel
def search(
    marked: MarkedText, table: KeyTable, scratch: Scratch, classes: Bytes, is_verbatim: bool, places: KeyPlaces
) -> int:
    """Find all keys in a marked text; returns how many places there are.

    `places` (meaning, start, end) takes as many as there is room for: where there are more, ask again with longer
    arrays. A window's tokens are followed by those that a key may still need, so its last `table.longest - 1` are
    looked at again with the next window.
    """
    text, begins, mark_bytes, blocks = marked.text, marked.begins, marked.mark_bytes, marked.blocks
    entries, shift, records, record_bytes = table.entries, table.shift, table.records, table.record_bytes
    singles, single_shift, has_singles = table.singles, table.single_shift, table.has_singles
    pairs, pair_shift, longest = table.pairs, table.pair_shift, table.longest
    triples, triple_shift = table.triples, table.triple_shift
    starts, hashes, active, values, reached, reached_record, whole = scratch
    meanings, place_start, place_end = places
    room = len(meanings)
    found, count, next_odd = 0, np.int64(0), 0
    for block in range(0, blocks, WINDOW):
        stop = min(block + WINDOW, blocks)
        fresh = count
        count = token_starts(begins, block, stop, starts, fresh)
        hash_tokens(text, mark_bytes, starts, fresh, count, hashes)
        if next_odd < marked.odds:
            next_odd = _mend_odd(marked, starts, count, hashes, next_odd, whole)
        hashes[count] = hashes[count + 1] = 0
        looked_at = count if stop == blocks else max(0, count - longest + 1)
        depth = 1
        number = 0
        if has_singles:
            number = _begin_singles(hashes, looked_at, singles, single_shift, active, values)
        while True:
            if depth == 2:
                number = _begin_pairs(
                    hashes, looked_at, pairs, pair_shift, triples, triple_shift, active, values, entries, shift
                )
            if number == 0 and depth > 1:
                break
            number, ends = _step(
                hashes, count, depth, number, active, values, entries, shift, records, reached, reached_record
            )
            for which in range(ends):
                record = np.int64(reached_record[which])
                start = np.int64(starts[reached[which]])
                while record:
                    if tokens_of(records[record]) == depth:  # else a key could be met twice, by an equal hash
                        end = key_end(text, start, records, record_bytes, record, classes, is_verbatim)
                        if end >= 0:
                            if found < room:
                                meanings[found] = meaning_of(records[record + 1])
                                place_start[found] = start
                                place_end[found] = end
                            found += 1
                    record = same_hash(records[record])
            depth += 1
        for kept in range(looked_at, count):
            starts[kept - looked_at] = starts[kept]
            hashes[kept - looked_at] = hashes[kept]
        count -= looked_at
    return found


@kernel
def _mend_odd(marked: MarkedText, starts: Places, count: int, hashes: Words, next_odd: int, whole: Bytes) -> int:
    """Take the hashes of tokens with fillers again; returns the number of the first filler beyond these tokens."""
    if count == 0:
        return next_odd
    end = next_set(marked.begins, marked.blocks, np.int64(starts[count - 1]) + 1)
    while next_odd < marked.odds and marked.odd[next_odd] < end:
        token = np.searchsorted(starts[:count], np.uint32(marked.odd[next_odd]), side="right") - 1
        if token >= 0:
            hashes[token] = hash_at(marked.text, marked.mark_bytes, np.int64(starts[token]), marked.odds, whole)
        next_odd += 1
    return next_odd


@kernel
def _begin_singles(hashes: Words, count: int, singles: Words, single_shift: Word, active: Places, values: Words) -> int:
    """Tokens that may be keys alone, with their hashes; returns how many."""
    kept = np.uint64(0)
    for token in range(count):
        value = hashes[token]
        active[kept] = token
        values[kept] = value
        kept += is_in_filter(singles, single_shift, value)
    return np.int64(kept)


@kernel
def _begin_pairs(
    hashes: Words,
    count: int,
    pairs: Words,
    pair_shift: Word,
    triples: Words,
    triple_shift: Word,
    active: Places,
    values: Words,
    entries: Words,
    shift: Word,
) -> int:
    """Tokens that may begin a key of two and more, with the hashes of the first two; returns how many.

    First two tokens are looked at, then three of what is left; entries are asked for, to come together.
    """
    number = np.uint64(0)
    for token in range(count):
        active[number] = token
        number += is_in_filter(pairs, pair_shift, next_token(hashes[token], hashes[token + 1]))
    kept = np.uint64(0)
    for which in range(number):
        token = np.uint64(active[which])
        pair = next_token(hashes[token], hashes[token + ONE])
        triple = next_token(pair, hashes[token + ONE + ONE])
        active[kept] = token
        values[kept] = pair
        prefetch(entries, np.int64((pair >> shift) << ONE))
        kept += is_in_filter(triples, triple_shift, pair) | is_in_filter(triples, triple_shift, triple)
    return np.int64(kept)


@kernel
def _step(
    hashes: Words,
    count: int,
    depth: int,
    number: int,
    active: Places,
    values: Words,
    entries: Words,
    shift: Word,
    records: Words,
    reached: Places,
    reached_record: Integers,
) -> tuple[int, int]:
    """Look the sequences of `depth` tokens up; returns (how many go on, how many end keys).

    Those that go on stay in `active` and `values`, with one token more; those that end are in `reached` (their first
    token) and `reached_record`.
    """
    kept, ends = np.uint64(0), np.uint64(0)
    for which in range(number):
        token = np.uint64(active[which])
        value = values[which]
        entry = find_entry(entries, shift, value)
        record = record_of(entry)
        reached[ends] = token
        reached_record[ends] = record
        prefetch(records, record)
        ends += np.uint64(record != 0)
        beyond = token + np.uint64(depth)
        value = next_token(value, hashes[beyond])
        active[kept] = token
        values[kept] = value
        goes_on = (entry >> ONE) & np.uint64(beyond < np.uint64(count))
        prefetch(entries, np.int64((value >> shift) << ONE))
        kept += goes_on
    return np.int64(kept), np.int64(ends)
