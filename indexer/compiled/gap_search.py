"""The earlier halves of gap patterns, looked for backward from a later one: token by token, inside one sentence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from indexer.compiled.arrays import Bytes, GapMemory, Integers, Matches, Numbers, Word, Words
from indexer.compiled.characters import FILLER, SPACE, WORDS, class_at, class_before
from indexer.compiled.comparing import key_end, white_space
from indexer.compiled.hashing import hash_odd_token, next_token, token_hash, token_length
from indexer.compiled.jit import kernel
from indexer.compiled.key_table import (
    FREE,
    GOES_ON,
    KeyTable,
    find_entry,
    is_in_filter,
    meaning_of,
    record_of,
    same_hash,
)
from indexer.compiled.marked_text import MarkedText
from indexer.compiled.sentence_ends import ends_sentence
from indexer.compiled.vectors import highest_bit, lowest_bit


class Gaps(NamedTuple):
    """Gap patterns by their later key: [first[k], first[k + 1]), in rising order of the earlier one.

    `widest[k]` is the largest window of these, `most` the largest of all. `table` is that of the earlier halves; each
    means its own number.
    """

    first: Integers
    earlier: Numbers
    window: Numbers
    phrase: Numbers
    widest: Numbers
    most: int
    table: KeyTable


NONE = np.uint64(0)
ONE = np.uint64(1)
ALL = ~NONE


@kernel
def begin_before(begins: Words, place: int) -> int:
    """Where the last token begins that begins before `place`; -1 where none does."""
    block = place >> 6
    bits = begins[block] & ((ONE << np.uint64(place & 63)) - ONE)
    while bits == NONE:
        block -= 1
        if block < 0:
            return np.int64(-1)
        bits = begins[block]
    return (block << 6) + highest_bit(bits)


@kernel
def next_set(masks: Words, blocks: int, place: int) -> int:
    """The first set bit of masks at or behind `place`; 64 * blocks where there is none."""
    block = place >> 6
    if block >= blocks:
        return blocks << 6
    bits = masks[block] & (ALL << np.uint64(place & 63))
    while bits == NONE:
        block += 1
        if block == blocks:
            return blocks << 6
        bits = masks[block]
    return (block << 6) + lowest_bit(bits)


@kernel
def hash_at(text: Bytes, marks: Bytes, start: int, odds: int, whole: Bytes) -> Word:
    """Hash of the token at `start`, which may hold fillers where the text has `odds`."""
    length = token_length(marks, np.uint64(start))
    if odds:
        for place in range(start, start + np.int64(length)):
            if text[place] == FILLER:
                return hash_odd_token(text, marks, start, whole)
    return token_hash(text, np.uint64(start), length)


@kernel
def step_back(text: Bytes, begins: Words, marks: Words, blocks: int, place: int, classes: Bytes) -> tuple[int, int]:
    """(where the token before the one at `place` begins, words passed on the way); (-1, 0) where a sentence begins."""
    before = begin_before(begins, place)
    while before >= 0 and class_at(text, before, classes) & SPACE:  # white space may be tokens, when taken verbatim
        before = begin_before(begins, before)
    if before < 0 or not class_before(text, place, classes) & SPACE:
        return before, 0
    end = next_set(marks, blocks, before + 1)
    while text[end] == FILLER:
        end += 1
    if white_space(text, end, classes)[1] > 1:
        return np.int64(-1), 0
    if not class_at(text, before, classes) & WORDS and ends_sentence(text, end, classes):
        return np.int64(-1), 0
    return before, 1


@kernel
def first_of_word(
    text: Bytes, begins: Words, marks: Words, blocks: int, place: int, word: Integers, classes: Bytes
) -> int:
    """Where the first token begins of the white-space separated word that holds the token at `place`.

    `word` is (first token, a later one) of the word that was asked for last: one that holds many later halves is walked
    once, not once for each.
    """
    first, known_first, known_last = place, word[0], word[1]
    while first < known_first or first > known_last:
        before, passed = step_back(text, begins, marks, blocks, first, classes)
        if before < 0 or passed > 0:
            known_first, known_last = first, place
        else:
            first = before
    word[0], word[1] = known_first, max(known_last, place)
    return known_first


@kernel
def find_earlier(
    marked: MarkedText,
    later: int,
    start: int,
    passage: int,
    gaps: Gaps,
    memory: GapMemory,
    classes: Bytes,
    is_verbatim: bool,
    hits: Matches,
    count: int,
) -> int:
    """Add the matches of gap patterns whose later half is the key `later`, at `start`; returns how many there are now.

    For each earlier half only its nearest occurrence counts. All later halves of a word have the same before them, so
    this is looked for once a word, and remembered (GapMemory in arrays.py).
    """
    earlier, window, phrases = gaps.earlier, gaps.window, gaps.phrase
    first_pattern, end_pattern, widest = gaps.first[later], gaps.first[later + 1], gaps.widest[later]
    word, near = memory[2], memory[3]
    hit_phrase, hit_passage, hit_start = hits
    first = first_of_word(marked.text, marked.begins, marked.marks, marked.blocks, start, word, classes)
    if word[2] != first:
        word[2] = first
        word[3] = _look_back(marked, first, gaps, memory, classes, is_verbatim)
    for found in range(word[3]):
        key, distance = near[0, found], near[1, found]
        if distance > widest:
            break
        pattern = _first_of(earlier, first_pattern, end_pattern, key)
        while pattern < end_pattern and earlier[pattern] == key:
            if window[pattern] >= distance:
                if count < len(hit_phrase):
                    hit_phrase[count] = phrases[pattern]
                    hit_passage[count] = passage
                    hit_start[count] = near[2, found]
                count += 1
            pattern += 1
    return count


@kernel
def _look_back(marked: MarkedText, place: int, gaps: Gaps, memory: GapMemory, classes: Bytes, is_verbatim: bool) -> int:
    """Note the nearest occurrence of each earlier key in the `gaps.most` words before the one at `place`.

    Writes (key, words between, place) to the rows of `near`, the nearest first; returns how many.
    """
    text, begins, marks, mark_bytes = marked.text, marked.begins, marked.marks, marked.mark_bytes
    blocks, odds = marked.blocks, marked.odds
    entries, shift = gaps.table.entries, gaps.table.shift
    records, record_bytes = gaps.table.records, gaps.table.record_bytes
    heads, head_shift = gaps.table.singles, gaps.table.single_shift
    met, whole, _, near = memory
    met[-1] += 1
    count, distance = 0, 0
    while True:
        place, passed = step_back(text, begins, marks, blocks, place, classes)
        distance += passed
        if place < 0 or distance > gaps.most:
            return count
        value = hash_at(text, mark_bytes, place, odds, whole)
        if is_in_filter(heads, head_shift, value) == NONE:
            continue
        token = place
        while True:
            entry = find_entry(entries, shift, value)
            record = record_of(entry)
            while record:
                key = meaning_of(records[record + 1])
                if met[key] != met[-1] and (
                    key_end(text, place, records, record_bytes, record, classes, is_verbatim) >= 0
                ):
                    met[key] = met[-1]
                    near[0, count], near[1, count], near[2, count] = key, distance, place
                    count += 1
                record = same_hash(records[record])
            if entry & GOES_ON == FREE:
                break
            token = next_set(begins, blocks, token + 1)
            if token >= blocks << 6:
                break
            value = next_token(value, hash_at(text, mark_bytes, token, odds, whole))


@kernel
def _first_of(earlier: Numbers, first: int, end: int, key: int) -> int:
    """Number of the first pattern of [first, end) whose earlier key is not below `key`, by bisection."""
    while first < end:
        middle = (first + end) >> 1
        if earlier[middle] < key:
            first = middle + 1
        else:
            end = middle
    return first
