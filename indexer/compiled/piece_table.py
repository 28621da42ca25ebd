"""The pieces whose tokens are known, and where to find them.

An *answer* (uint64) says how long the tokens of a piece are. Where its lowest 3 bits are 1 to 4, it has so many, and
their bytes stand in the bytes above. Where they are 0, the bits above the lowest 8 number a piece of `Lengths`, and
TOO_LONG says of which: of those that are kept here, or of those that are too long to be.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel
from indexer.compiled.merges import LONGEST, Merges, merged_sizes
from indexer.compiled.piece_cuts import FULL_WINDOW
from indexer.compiled.vectors import load64

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Sizes = npt.NDArray[np.uint16]

LONGEST_KEY = 128
"""Bytes of the longest piece that is kept: a longer one hardly comes again."""
NEEDED_TOKENS = 4 * LONGEST_KEY
"""Tokens for which there is room when the tokenizer is asked about a piece: NFC makes no text four times as long."""
SLOT = 4
"""Numbers of a slot: the piece's first 8 bytes and its next 8, or two hashes of a longer one; its answer; its number
times 2^32 and its bytes. A slot is empty where the last is 0."""

REWRITTEN = 1
"""Flag of a piece: its tokens do not decode to its normalised text."""
BROKEN = 2
"""Flag of a piece: its tokens do not decode to characters at all."""
UNEVEN = 4
"""Flag of a piece: some of its tokens hold bytes that continue a character."""
TOO_LONG = 8
"""Bit of an answer: the piece is none that is kept."""

RUNS = 7
"""Bits of the classes of characters whose runs are merged here; marks have the last."""
APOSTROPHE = 8
"""Bit of the apostrophe, beside that of marks: it ends a run, and may begin a contraction."""

MIX = np.uint64(0x9E3779B97F4A7C15)
MIX_NEXT = np.uint64(0xA0761D6478BD642F)


class Lengths(NamedTuple):
    """Pieces and the lengths of their tokens: those of piece k are [first[k], first[k] + tokens[k]) of the columns."""

    first: Integers
    tokens: Integers
    flags: Bytes
    size: Sizes
    continuing: Sizes
    lead: Sizes


class Keys(NamedTuple):
    """Where to find a piece: `slots` (SLOT numbers each), of which piece k has slot `slot_of[k]`.

    The bytes of pieces of more than 16 stand in `content` from `start[k]` on. `used`: pieces, bytes of content and
    tokens so far. `shift` is 64 less the bits of a slot's number.
    """

    slots: Words
    shift: np.uint64
    slot_of: Integers
    start: Integers
    content: Bytes
    used: Integers


@kernel
def hash_words(text: Bytes, start: Any, length: Any) -> Any:
    """Two hashes of a piece of more than 16 bytes; all uint64."""
    first, other = length * MIX_NEXT, length
    last = start + length - np.uint64(8)
    while start < last:
        word = load64(text, start)
        first = (first ^ word) * MIX
        first ^= first >> np.uint64(29)
        other = (other ^ word) * MIX_NEXT
        other ^= other >> np.uint64(31)
        start += np.uint64(8)
    word = load64(text, last)
    return (first ^ word) * MIX, (other ^ word) * MIX_NEXT


@kernel
def is_same(text: Bytes, start: int, length: int, content: Bytes, at: Any) -> bool:
    """Whether `length` bytes of a text and of `content` are the same."""
    for place in range(length):
        if text[start + place] != content[at + place]:
            return False
    return True


@kernel
def has_room(keys: Keys, lengths: Lengths, asked: Integers) -> bool:
    """Whether a window of pieces fits, whatever they are."""
    return bool(
        keys.used[0] + FULL_WINDOW <= len(keys.start)
        and keys.used[1] + FULL_WINDOW * LONGEST_KEY <= len(keys.content)
        and keys.used[2] + FULL_WINDOW * LONGEST_KEY + NEEDED_TOKENS * len(asked) <= len(lengths.size)
    )


@kernel
def keep(
    text: Bytes,
    start: int,
    end: int,
    first_word: Any,
    next_word: Any,
    slot: Any,
    keys: Keys,
    lengths: Lengths,
    merged: Bytes,
    merges: Merges,
) -> bool:
    """Enter a new piece; returns whether the tokenizer has to be asked about it."""
    piece, length = keys.used[0], end - start
    keys.slot_of[piece] = slot
    keys.start[piece] = keys.used[1]
    if length > 16:
        for place in range(length):
            keys.content[keys.used[1] + place] = text[start + place]
        keys.used[1] += length
    lengths.first[piece], lengths.tokens[piece], lengths.flags[piece] = keys.used[2], 0, 0
    is_known = _is_merged(text, start, length, merged)
    if is_known:
        _merge(text, start, end, piece, keys, lengths, merged, merges)
    at = np.uint64(SLOT) * slot
    keys.slots[at] = first_word
    keys.slots[at + np.uint64(1)] = next_word
    keys.slots[at + np.uint64(2)] = _answer(piece, lengths)
    keys.slots[at + np.uint64(3)] = np.uint64(piece) << np.uint64(32) | np.uint64(length)
    keys.used[0] += 1
    return not is_known


@kernel
def note_answers(pieces: Integers, keys: Keys, lengths: Lengths) -> None:
    """Let the slots of kept pieces hold their answers, now that their tokens are known."""
    for piece in pieces:
        keys.slots[SLOT * keys.slot_of[piece] + 2] = _answer(piece, lengths)


@kernel
def _answer(piece: Any, lengths: Lengths) -> Any:
    """The answer for a piece that is kept: its tokens where they are few and plain, else its number."""
    tokens, first = lengths.tokens[piece], lengths.first[piece]
    answer = np.uint64(tokens)
    for place in range(min(tokens, 4)):
        size = np.uint64(lengths.size[first + place])
        if size > np.uint64(255):
            tokens = 0
        answer |= size << np.uint64(8 * place + 8)
    if tokens < 1 or tokens > 4 or lengths.flags[piece] != 0:
        return np.uint64(piece) << np.uint64(8)
    return answer


@kernel
def _is_merged(text: Bytes, start: int, length: int, merged: Bytes) -> bool:
    """Whether the pre-tokens of a piece are known: runs of one class behind a space or none, apostrophes between."""
    first = start + 1 if text[start] == 0x20 and length > 1 else start
    run = 0
    for place in range(first, start + length):
        bits = merged[text[place]]
        if bits == 0 or (run != 0 and not bits & APOSTROPHE and bits != run):
            return False
        run = 0 if bits & APOSTROPHE else bits
    return length <= LONGEST


@kernel
def _merge(
    text: Bytes, start: int, end: int, piece: Any, keys: Keys, lengths: Lengths, merged: Bytes, merges: Merges
) -> None:
    """Write the lengths of such a piece."""
    token, place = keys.used[2], start
    while place < end:
        behind = _pretoken_end(text, place, end, merged)
        token += merged_sizes(text, place, behind - place, merges, lengths.size, token)
        place = behind
    lengths.tokens[piece] = token - keys.used[2]
    keys.used[2] = token


@kernel
def _pretoken_end(text: Bytes, start: int, end: int, merged: Bytes) -> int:
    """Where the pre-token ends that starts at `start` of such a piece, by the rules of GPT-2."""
    if text[start] == 0x27 and start + 1 < end:
        byte, other = text[start + 1], text[start + 2] if start + 2 < end else 0
        if byte == 0x73 or byte == 0x74 or byte == 0x6D or byte == 0x64:  # 's 't 'm 'd
            return start + 2
        if ((byte == 0x72 or byte == 0x76) and other == 0x65) or (byte == 0x6C and other == 0x6C):  # 're 've 'll
            return start + 3
    place = start + 1 if text[start] == 0x20 and start + 1 < end else start
    bits = merged[text[place]] & RUNS
    place += 1
    while place < end and merged[text[place]] & bits:
        place += 1
    return place
