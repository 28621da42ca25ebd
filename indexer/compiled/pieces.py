"""Texts cut at safe places into pieces, each piece looked up among those whose tokens are known, and lengths copied.

Text is made of few distinct pieces (a word with the space before it), so almost all are found, and tokenising is mostly
this. A piece that is new and a single pre-token of plain ASCII is merged here; any other is left to the tokenizer.

An *answer* (uint64) says how long the tokens of a piece are: where its lowest 3 bits are 1 to 4, so many tokens whose
bytes stand in the bytes above; where they are 0, the bits above the lowest 8 number a piece of `Lengths`, and bit 3 says
of which: of those that are kept, or of those that are too long to be.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.compiled.characters import decode
from indexer.compiled.jit import kernel
from indexer.compiled.merges import LONGEST, merged_sizes
from indexer.compiled.vectors import high_mask, load64, lowest_bit, prefetch

LONGEST_KEY = 128
"""Bytes of the longest piece that is kept: a longer one hardly comes again."""
NEEDED_TOKENS = 4 * LONGEST_KEY
"""Tokens for which there must be room before the tokenizer is asked about a piece: NFC makes no text four times as long."""
WINDOW = 512
"""Pieces that are cut, then hashed, then looked up together, so that their places in memory are fetched side by side."""
FULL_WINDOW = WINDOW + 66
"""Pieces of the longest window: text is cut 64 bytes at a time."""
SLOT = 4
"""Numbers of a slot: the piece's first 8 bytes and its next 8, or two hashes of a longer one; its answer; its number times
2^32 and its bytes. A slot is empty where the last is 0."""
STRIDE = 256
"""Columns of the table of safe cuts in compiled code."""

REWRITTEN = 1
"""Flag of a piece: its tokens do not decode to its normalised text."""
BROKEN = 2
"""Flag of a piece: its tokens do not decode to characters at all."""
UNEVEN = 4
"""Flag of a piece: some of its tokens hold bytes that continue a character."""

TOO_LONG = 8
"""Bit of an answer: the piece is none that is kept."""
BEYOND = 129
"""The kind of characters beyond the basic plane: VISIBLE in safe_cuts.py."""
UNSURE = 130
"""As in safe_cuts.py."""
RUNS = 7
"""Bits of the classes of characters whose runs are merged here; marks have the last."""
APOSTROPHE = 8
"""Bit of the apostrophe, beside that of marks: it ends a run, and may begin a contraction."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MIX_NEXT = np.uint64(0xA0761D6478BD642F)


class Cutting(NamedTuple):
    """Where to cut: rows of STRIDE of the table in safe_cuts.py, and its `kinds`; `visible` marks kinds that are surely so.

    `merged` has the bit of a byte's class where its runs are merged here (RUNS, APOSTROPHE), else 0.
    """

    table: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.uint8]
    visible: npt.NDArray[np.uint8]
    merged: npt.NDArray[np.uint8]


class Lengths(NamedTuple):
    """Pieces and the lengths of their tokens: those of piece k are [first[k], first[k] + tokens[k]) of the columns."""

    first: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint8]
    size: npt.NDArray[np.uint16]
    continuing: npt.NDArray[np.uint16]
    lead: npt.NDArray[np.uint16]


class Keys(NamedTuple):
    """Where to find a piece: `slots` (SLOT numbers each), of which piece k has slot `slot_of[k]`.

    The bytes of pieces of more than 16 stand in `content` from `start[k]` on. `used`: pieces, bytes of content and tokens
    so far. `shift` is 64 less the bits of a slot's number.
    """

    slots: npt.NDArray[np.uint64]
    shift: np.uint64
    slot_of: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    content: npt.NDArray[np.uint8]
    used: npt.NDArray[np.int64]


class Scratch(NamedTuple):
    """Of the pieces of a window: where each starts and ends, its two words, its slot (FULL_WINDOW of each).

    `low_bytes[n]` and `high_bytes[n]` mask the first and the next 8 bytes of a piece of n, 16 at most.
    """

    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    first_word: npt.NDArray[np.uint64]
    next_word: npt.NDArray[np.uint64]
    slot: npt.NDArray[np.uint64]
    low_bytes: npt.NDArray[np.uint64]
    high_bytes: npt.NDArray[np.uint64]


@kernel
def _hash_words(text, start, length):  # type: ignore[no-untyped-def]
    """Two hashes of a piece of more than 16 bytes; all uint64."""
    first, other = length * _MIX_NEXT, length
    last = start + length - np.uint64(8)
    while start < last:
        word = load64(text, start)
        first = (first ^ word) * _MIX
        first ^= first >> np.uint64(29)
        other = (other ^ word) * _MIX_NEXT
        other ^= other >> np.uint64(31)
        start += np.uint64(8)
    word = load64(text, last)
    return (first ^ word) * _MIX, (other ^ word) * _MIX_NEXT


@kernel
def _is_same(text, start, length, content, at):  # type: ignore[no-untyped-def]
    for place in range(length):
        if text[start + place] != content[at + place]:
            return False
    return True


@kernel
def _is_merged(text, start, length, merged):  # type: ignore[no-untyped-def]
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
def _pretoken_end(text, start, end, merged):  # type: ignore[no-untyped-def]
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


@kernel
def answer_of(piece, lengths):  # type: ignore[no-untyped-def]
    """The answer for a piece that is kept: its tokens where they are few and plain, else its number."""
    tokens, first = lengths.tokens[piece], lengths.first[piece]
    if tokens < 1 or tokens > 4 or lengths.flags[piece] != 0:
        return np.uint64(piece) << np.uint64(8)
    answer = np.uint64(tokens)
    for place in range(tokens):
        answer |= np.uint64(lengths.size[first + place]) << np.uint64(8 * place + 8)
    return answer


@kernel
def _keep(text, start, end, first_word, next_word, slot, keys, lengths, cutting, merges):  # type: ignore[no-untyped-def]
    """Enter a new piece; returns whether the tokenizer has to be asked about it."""
    piece, length = keys.used[0], end - start
    keys.slot_of[piece] = slot
    keys.start[piece] = keys.used[1]
    if length > 16:
        for place in range(length):
            keys.content[keys.used[1] + place] = text[start + place]
        keys.used[1] += length
    lengths.first[piece], lengths.tokens[piece], lengths.flags[piece] = keys.used[2], 0, 0
    is_merged = _is_merged(text, start, length, cutting.merged)
    if is_merged:
        token, place = keys.used[2], start
        while place < end:
            behind = _pretoken_end(text, place, end, cutting.merged)
            token += merged_sizes(text, place, behind - place, merges, lengths.size, token)
            place = behind
        lengths.tokens[piece] = token - keys.used[2]
        keys.used[2] = token
    at = np.uint64(SLOT) * slot
    keys.slots[at] = first_word
    keys.slots[at + np.uint64(1)] = next_word
    keys.slots[at + np.uint64(2)] = answer_of(piece, lengths)
    keys.slots[at + np.uint64(3)] = np.uint64(piece) << np.uint64(32) | np.uint64(length)
    keys.used[0] += 1
    return not is_merged


@kernel
def has_room(keys, lengths, asked):  # type: ignore[no-untyped-def]
    """Whether a window of pieces fits, whatever they are."""
    return (
        keys.used[0] + FULL_WINDOW <= len(keys.start)
        and keys.used[1] + FULL_WINDOW * LONGEST_KEY <= len(keys.content)
        and keys.used[2] + FULL_WINDOW * LONGEST_KEY + NEEDED_TOKENS * len(asked) <= len(lengths.size)
    )


@kernel
def _cut_window(  # type: ignore[no-untyped-def]
    text, starts, ends, wanted, place, row_tokens, table, kinds, visible, start, stop, last, pieces
):
    """Cut pieces from `place` on, WINDOW or a few more; returns how many. Arguments as of `look_up`."""
    document, at, before, left, count, piece = place[0], place[1], place[2], place[3], place[4], place[5]
    found = 0
    while document < len(starts) and found < WINDOW:
        end = ends[document]
        if at < 0:
            at = piece = starts[document] if wanted[document] else end
            before, left, count = UNSURE, UNSURE, 0
        first = found
        while at < end and found < WINDOW:
            plain = min(np.int64(lowest_bit(high_mask(text, np.uint64(at)))), end - at)
            for _ in range(plain):  # without a branch at a cut, which would be guessed wrong too often
                right = np.int64(text[np.uint64(at)])
                rule = table[np.uint64(left * STRIDE + right)]
                if rule > 1:
                    rule = visible[before]
                stop[found] = at
                found += np.int64(rule)
                before, left = left, right
                at += 1
            if plain == 0:
                point, size = decode(text, at)
                right = np.int64(kinds[point]) if point < 0x10000 else BEYOND
                rule = table[np.uint64(left * STRIDE + right)]
                stop[found] = at
                found += rule == 1 or (rule > 1 and visible[before])
                before, left = left, right
                at += size
            if count + found - first >= row_tokens:
                found = first + row_tokens - count
                at = end
        for index in range(first, found):
            start[index] = piece
            piece = stop[index]
        count += found - first
        if at >= end:
            if piece < end and count < row_tokens:
                start[found], stop[found] = piece, end
                found += 1
            document, at = document + 1, -1
        last[document - (at < 0)] = pieces + found
    place[0], place[1], place[2], place[3], place[4], place[5] = document, at, before, left, count, piece
    return found


@kernel
def look_up(  # type: ignore[no-untyped-def]
    text, starts, ends, wanted, place, row_tokens, keys, lengths, cutting, merges, scratch, found, last, asked
):
    """Cut documents into pieces and look them up; returns (pieces, pieces to ask the tokenizer about).

    `place` (int64[6]: document, byte or -1 at its start, the kinds of the last but one and of the last character, pieces
    of the document so far, start of the piece) is where to begin, and holds where it stopped: at the end, or where one of
    the arrays may be too short. Documents that are not `wanted` have no
    pieces; of others the first `row_tokens` are enough. `found[k]` is the answer of piece k; `last[d]` counts the pieces
    up to the end of document d. Rows of `asked` are the number of a piece or -1, and where it starts and ends.
    """
    start, stop, first_word, next_word, slot_of, low_bytes, high_bytes = scratch
    slots, shift, mask = keys.slots, keys.shift, np.uint64(len(keys.slots) // SLOT - 1)
    key_start, content = keys.start, keys.content
    table, kinds, visible = cutting.table, cutting.kinds, cutting.visible
    pieces, asking = 0, 0
    while (
        place[0] < len(starts)
        and pieces + FULL_WINDOW <= len(found)
        and asking + FULL_WINDOW <= len(asked)
        and has_room(keys, lengths, asked)
    ):
        cut = _cut_window(
            text, starts, ends, wanted, place, row_tokens, table, kinds, visible, start, stop, last, pieces
        )
        for index in range(cut):
            at, length = np.uint64(start[index]), np.uint64(stop[index] - start[index])
            if length <= np.uint64(16):
                first = load64(text, at) & low_bytes[length]
                other = load64(text, at + np.uint64(8)) & high_bytes[length]
            else:
                first, other = _hash_words(text, at, length)
            slot = ((first ^ (other + length) * _MIX_NEXT) * _MIX) >> shift
            first_word[index], next_word[index], slot_of[index] = first, other, slot
            prefetch(slots, np.uint64(SLOT) * slot)
        for index in range(cut):
            at, length = start[index], stop[index] - start[index]
            first, other, slot = first_word[index], next_word[index], slot_of[index]
            while True:
                entry = np.uint64(SLOT) * slot
                key = slots[entry + np.uint64(3)]
                if key == 0:
                    break
                if slots[entry] == first and slots[entry + np.uint64(1)] == other and key & 0xFFFFFFFF == length:
                    if length <= 16 or _is_same(text, at, length, content, key_start[key >> np.uint64(32)]):
                        break
                slot = (slot + np.uint64(1)) & mask
            if key != 0:
                found[pieces + index] = slots[entry + np.uint64(2)]
            elif length > LONGEST_KEY:
                found[pieces + index] = np.uint64(asking) << np.uint64(8) | np.uint64(TOO_LONG)
                asked[asking, 0], asked[asking, 1], asked[asking, 2] = -1, at, stop[index]
                asking += 1
            else:
                piece = keys.used[0]
                if _keep(text, at, stop[index], first, other, slot, keys, lengths, cutting, merges):
                    asked[asking, 0], asked[asking, 1], asked[asking, 2] = piece, at, stop[index]
                    asking += 1
                found[pieces + index] = slots[entry + np.uint64(2)]
        pieces += cut
    return pieces, asking


@kernel
def count_tokens(found, pieces, kept, asked):  # type: ignore[no-untyped-def]
    """Tokens of the first `pieces` of `found`; `kept` and `asked` are Lengths of kept and of long pieces."""
    few, kept_tokens, asked_tokens = 0, kept.tokens, asked.tokens
    for index in range(pieces):
        answer = found[index]
        if answer & np.uint64(7) != 0:
            few += answer & np.uint64(7)
        elif answer & np.uint64(TOO_LONG) != 0:
            few += asked_tokens[answer >> np.uint64(8)]
        else:
            few += kept_tokens[answer >> np.uint64(8)]
    return few


@kernel
def copy_lengths(  # type: ignore[no-untyped-def]
    found, pieces, last, first_document, row_tokens, kept, asked, counts, flags, size, continuing, lead
):
    """Write the lengths of all tokens of `found`, document after document; returns how many.

    Of a document no more than `row_tokens` are written, with what earlier calls wrote of it: `counts[d]` grows by the
    tokens of document d. `flags[d]` becomes REWRITTEN where one of its pieces is; where two are, or one is broken, BROKEN.
    """
    document, token, index = first_document, 0, 0
    while index < pieces:
        room, before = row_tokens - counts[document], token
        while index < last[document]:
            answer = found[index]
            tokens = np.int64(answer & np.uint64(7))
            index += 1
            if tokens != 0 and tokens <= room:
                for place in range(tokens):
                    answer >>= np.uint64(8)
                    size[token + place] = answer & np.uint64(0xFF)
            elif tokens != 0:
                tokens = room
                for place in range(tokens):
                    answer >>= np.uint64(8)
                    size[token + place] = answer & np.uint64(0xFF)
            elif answer & np.uint64(TOO_LONG) != 0:
                tokens = _copy_odd(asked, answer >> np.uint64(8), room, flags, document, token, size, continuing, lead)
            else:
                tokens = _copy_odd(kept, answer >> np.uint64(8), room, flags, document, token, size, continuing, lead)
            token += tokens
            room -= tokens
        counts[document] += token - before
        document += 1
    return token


@kernel
def _copy_odd(lengths, piece, room, flags, document, token, size, continuing, lead):  # type: ignore[no-untyped-def]
    """Copy a piece that has a flag, or more tokens than an answer holds."""
    tokens = min(lengths.tokens[piece], room)
    first = lengths.first[piece]
    kind = lengths.flags[piece]
    for place in range(tokens):
        size[token + place] = lengths.size[first + place]
        if kind & UNEVEN:
            continuing[token + place] = lengths.continuing[first + place]
            lead[token + place] = lengths.lead[first + place]
    if kind & BROKEN or (kind & REWRITTEN and flags[document] & REWRITTEN):
        flags[document] |= BROKEN
    flags[document] |= kind & REWRITTEN
    return tokens


@kernel
def note_answer(piece, keys, lengths):  # type: ignore[no-untyped-def]
    """Let a kept piece's slot hold its answer, now that its tokens are known."""
    keys.slots[SLOT * keys.slot_of[piece] + 2] = answer_of(piece, lengths)
