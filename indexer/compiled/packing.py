"""Cutting documents into the passages of rows, and copying these into a buffer of their own.

Documents are bytes [starts[k], ends[k]) of a text and tokens [first_token[k], end_token[k]) of columns of lengths:
`size` in bytes, those of them `continuing` a character, and those of these that `lead` the token.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel
from indexer.compiled.vectors import PADDING, copy_vector

Bytes = npt.NDArray[np.uint8]
Lengths = npt.NDArray[np.uint16]
Integers = npt.NDArray[np.int64]

FITS = -1
"""No document is at odds with its tokens."""


@kernel
def total(column: Lengths, first: int, end: int) -> int:
    """The sum of column[first:end]."""
    found = 0
    for place in range(np.uint64(first), np.uint64(end)):  # unsigned: then it cannot count from the end, and is quick
        found += column[place]
    return found


@kernel
def cut_prefixes(
    starts: Integers,
    ends: Integers,
    first_token: Integers,
    end_token: Integers,
    is_whole: npt.NDArray[np.bool_],
    size: Lengths,
    end: Integers,
) -> int:
    """Where the tokens of each document end, as bytes of the text; where `is_whole` that must be the document's end.

    Returns the first document whose tokens have other bytes, or FITS.
    """
    for document in range(len(starts)):
        byte = starts[document] + total(size, first_token[document], end_token[document])
        if byte > ends[document] or (is_whole[document] and byte != ends[document]):
            return document
        end[document] = byte
    return FITS


@kernel
def cut_stream(
    starts: Integers,
    ends: Integers,
    first_token: Integers,
    end_token: Integers,
    size: Lengths,
    continuing: Lengths,
    lead: Lengths,
    row_tokens: int,
    rows: int,
    prefix_characters: int,
    end_characters: int,
    place: int,
    cursor: int,
    passages: Integers,
) -> tuple[int, int, int, int]:
    """Cut documents that are joined by end-of-document tokens, every `row_tokens` tokens.

    `place` is the place of the first document's first token in the stream of the whole run, `cursor` the characters of
    its row before it. `passages` [11, number]: document, row, offset, token within the row's text, document_offset,
    lead, first_token, end_token, first byte, end byte, end byte of the document. Returns (passages, place, cursor, the
    first document whose tokens have other bytes than it, or FITS).
    """
    made = 0
    for document in range(len(starts)):
        byte = starts[document]
        characters = 0
        token, last = first_token[document], end_token[document]
        while token < last:
            row = place // row_tokens
            within = place - row * row_tokens
            if within == 0:
                cursor = prefix_characters
            end = min(last, token + row_tokens - within)
            leading = 0
            for one in range(token, end):  # whole tokens of continuing bytes may follow one another
                leading += lead[one]
                if lead[one] < size[one]:
                    break
            length = total(size, token, end)
            begun = length - total(continuing, token, end)
            if byte + length > ends[document]:
                return made, place, cursor, document
            if row < rows:
                passages[0, made] = document
                passages[1, made] = row
                passages[2, made] = cursor
                passages[3, made] = within
                passages[4, made] = characters - leading
                passages[5, made] = leading
                passages[6, made] = token
                passages[7, made] = end
                passages[8, made] = byte
                passages[9, made] = byte + length
                passages[10, made] = ends[document]
                made += 1
            place += end - token
            cursor += begun + leading
            characters += begun
            byte += length
            token = end
        if byte != ends[document]:
            return made, place, cursor, document
        if place % row_tokens == 0:
            cursor = prefix_characters
        place += 1
        cursor += end_characters
    return made, place, cursor, FITS


@kernel
def copy_passages(
    source: Bytes, first: Integers, end: Integers, text_end: Integers, lead: Integers, target: Bytes, stops: Integers
) -> int:
    """Copy bytes [first, end) of `source` one after the other into `target`, two line feeds around each.

    The document of a passage ends at `text_end`: of a character that `end` cuts, one U+FFFD stays, and one for each of
    the `lead` continuing bytes that a passage starts with. `stops` [2, number]: start and end of each in `target`.
    Returns the bytes used; the PADDING behind them is zero.
    """
    at = _line_feeds(target, 0)
    for passage in range(len(first)):
        stops[0, passage] = at
        for _ in range(lead[passage]):
            at = _replacement(target, at)
        place = first[passage] + lead[passage]
        whole = _end_of_whole(source, place, end[passage], text_end[passage])
        for chunk in range(0, whole - place, 64):
            copy_vector(target, at + chunk, source, place + chunk)
        at += max(whole - place, 0)
        if whole < end[passage]:
            at = _replacement(target, at)
        stops[1, passage] = at
        at = _line_feeds(target, at)
    target[at : at + PADDING] = 0
    return at


@kernel
def _end_of_whole(source: Bytes, first: int, end: int, text_end: int) -> int:
    """The end of the last whole character in bytes [first, end), which begin with one."""
    last = end - 1
    while last > first and source[last] & 0xC0 == 0x80:
        last -= 1
    if end == text_end or last < first:
        return end
    byte = source[last]
    size = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
    return last if last + size > end else end


@kernel
def _replacement(target: Bytes, at: int) -> int:
    """Write U+FFFD; the place behind it."""
    target[at], target[at + 1], target[at + 2] = 0xEF, 0xBF, 0xBD
    return at + 3


@kernel
def _line_feeds(target: Bytes, at: int) -> int:
    """Write a gap; the place behind it."""
    target[at], target[at + 1] = 0x0A, 0x0A
    return at + 2
