"""Where the tokens of a text begin: letters folded, every byte classified, two masks of 64 bits for every 64 bytes.

A token is a run of word characters, or a single character that is neither part of such a run nor white space (a
punctuation mark, a Han character). `begins` has a bit where a token begins; `marks` also where white space begins, so
that the next mark after a token's beginning is its end.

Folding keeps every character in its place. One that becomes shorter is followed by FILLER bytes: between tokens they
are as white space to the masks, within a word they belong to it, and the word's hash has to be taken apart (`odd`).
"""

from __future__ import annotations

import numpy as np

from indexer.compiled.arrays import Bytes, Integers, Numbers, Word, Words
from indexer.compiled.characters import FILLER, RUN, SPACE, decode, encode
from indexer.compiled.jit import kernel
from indexer.compiled.vectors import copy_folded, copy_vector, high_mask, lowest_bit, space_mask, word_mask

ONE = np.uint64(1)
NONE = np.uint64(0)

STATE = 6
"""Numbers (uint64) that one call of mark() leaves for the next; zeros at the beginning of a text."""
(LAST_WORD, LAST_REST, SPILL_WORD, SPILL_REST, SPILLED, COPIED) = range(STATE)


@kernel
def mark(
    text: Bytes,
    first: int,
    end: int,
    folded: Bytes,
    begins: Words,
    marks: Words,
    state: Words,
    odd: Integers,
    odds: int,
    classes: Bytes,
    stand_ins: Numbers,
    is_folded: bool,
    is_verbatim: bool,
) -> tuple[Integers, int]:
    """Mark the blocks of 64 bytes [first, end) of a text; `odd` (the characters made shorter in words) grows by need.

    Called for the blocks of a text in order, with the same `state`. Returns (odd, how many it holds).
    """
    if state[COPIED] == NONE:
        _copy(text, first, folded, is_folded)
        state[COPIED] = ONE
    for block in range(first, end):
        place = block << 6
        _copy(text, block + 1, folded, is_folded)  # one ahead: a folded character may reach into the next block
        word = word_mask(text, place)
        rest = space_mask(text, place)
        if is_verbatim:
            rest &= ~_control_spaces(text, place, rest)
        lone = ~(word | rest)
        high = high_mask(text, place)
        if high | state[SPILLED] != NONE:
            lone &= ~high
            word |= state[SPILL_WORD]
            rest |= state[SPILL_REST]
            high &= ~state[SPILLED]
            state[SPILL_WORD] = state[SPILL_REST] = state[SPILLED] = NONE
            while high != NONE:
                bit = np.uint64(lowest_bit(high))
                where = place + np.int64(bit)
                point, length = decode(text, where)
                kept = length
                if is_folded and stand_ins[point] != point:
                    point = np.int64(stand_ins[point])
                    kept = encode(point, folded, where)
                    for filler in range(where + kept, where + length):
                        folded[filler] = FILLER
                span = (ONE << np.uint64(length)) - ONE
                kind = classes[point]
                of_word = of_rest = NONE
                if kind & RUN:
                    of_word = span
                    if kept < length:
                        odd, odds = _noted(odd, odds, where)
                elif kind & SPACE and not is_verbatim:
                    of_rest = span
                else:
                    lone |= ONE << bit
                    of_rest = span & ~((ONE << np.uint64(kept)) - ONE)
                word |= of_word << bit
                rest |= of_rest << bit
                if bit + np.uint64(length) > np.uint64(64):
                    beyond = np.uint64(64) - bit
                    state[SPILL_WORD] = of_word >> beyond
                    state[SPILL_REST] = of_rest >> beyond
                    state[SPILLED] = span >> beyond
                high &= ~(span << bit)
        begin = (word & ~(word << ONE | state[LAST_WORD])) | lone
        begins[block] = begin
        marks[block] = begin | (rest & ~(rest << ONE | state[LAST_REST]))
        state[LAST_WORD] = word >> np.uint64(63)
        state[LAST_REST] = rest >> np.uint64(63)
    return odd, odds


@kernel
def _copy(text: Bytes, block: int, folded: Bytes, is_folded: bool) -> None:
    if is_folded:
        copy_folded(folded, block << 6, text, block << 6)
    else:
        copy_vector(folded, block << 6, text, block << 6)


@kernel
def _control_spaces(text: Bytes, place: int, spaces: Word) -> Word:
    """Of a mask of white space the bits that are no U+0020."""
    others = NONE
    while spaces != NONE:
        bit = lowest_bit(spaces)
        if text[place + bit] != 0x20:
            others |= ONE << np.uint64(bit)
        spaces &= spaces - ONE
    return others


@kernel
def _noted(odd: Integers, odds: int, where: int) -> tuple[Integers, int]:
    """`odd` with one more place."""
    if odds == len(odd):
        longer = np.empty(2 * len(odd), dtype=np.int64)
        longer[:odds] = odd
        odd = longer
    odd[odds] = where
    return odd, odds + 1
