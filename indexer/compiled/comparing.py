"""Whether a key really stands at a place of folded text: byte by byte, so that no hash decides what counts."""

from __future__ import annotations

import numpy as np

from indexer.compiled.arrays import Bytes, Words
from indexer.compiled.characters import BREAK, FILLER, SPACE, WORDS, class_at, class_before, decode
from indexer.compiled.jit import kernel
from indexer.compiled.key_table import DESCRIBED, bounds_of, bytes_of
from indexer.compiled.vectors import load64

BLANK = 0x20
EIGHT = np.int64(8)


@kernel
def key_end(
    text: Bytes, start: int, records: Words, record_bytes: Bytes, record: int, classes: Bytes, is_verbatim: bool
) -> int:
    """Where the key of a record ends that stands at `start` of `text`; -1 where it does not."""
    key_start = (record + DESCRIBED) << 3
    key_stop = key_start + bytes_of(records[record + 1])
    end = start + key_stop - key_start
    if not _is_same(text, start, record_bytes, key_start, key_stop):
        end = _end_of_spaced(text, start, record_bytes, key_start, key_stop, classes, is_verbatim)
        if end < 0:
            return np.int64(-1)
    while text[end] == FILLER:
        end += 1
    bounds = bounds_of(records[record])
    if bounds & 1 and text[start - 1] >= 0x80 and class_before(text, start, classes) & WORDS:
        return np.int64(-1)
    if bounds & 2 and class_at(text, end, classes) & WORDS:
        return np.int64(-1)
    return np.int64(end)


@kernel
def _is_same(text: Bytes, start: int, keys: Bytes, key_start: int, key_stop: int) -> bool:
    """Whether the very bytes are the same."""
    length = key_stop - key_start
    done = 0
    while done + EIGHT <= length:
        if load64(text, start + done) != load64(keys, key_start + done):
            return False
        done += EIGHT
    left = np.uint64((length - done) << 3)
    difference = load64(text, start + done) ^ load64(keys, key_start + done)
    return difference & ((np.uint64(1) << left) - np.uint64(1)) == np.uint64(0)


@kernel
def _end_of_spaced(
    text: Bytes, start: int, keys: Bytes, key_start: int, key_stop: int, classes: Bytes, is_verbatim: bool
) -> int:
    """As key_end without bounds, taking white space and fillers of the text for what they are."""
    place = start
    at = key_start
    while at < key_stop:
        if text[place] == FILLER:
            place += 1
        elif keys[at] == BLANK:
            place = next_word(text, place, classes, is_verbatim)
            if place < 0:
                return -1
            at += 1
        elif keys[at] == text[place]:
            place += 1
            at += 1
        else:
            return -1
    return place


@kernel
def next_word(text: Bytes, place: int, classes: Bytes, is_verbatim: bool) -> int:
    """Where the white space at `place` ends that counts as one space; -1 where none stands there that does."""
    if is_verbatim:
        return place + 1 if text[place] == BLANK else -1
    end, breaks = white_space(text, place, classes)
    return end if end > place and breaks < 2 else -1


@kernel
def white_space(text: Bytes, place: int, classes: Bytes) -> tuple[int, int]:
    """(end of the white space at `place`, how many line breaks it holds, two at most); \\r\\n is one."""
    breaks = 0
    end = place
    while True:
        point, length = decode(text, end)
        kind = classes[point]
        if not kind & SPACE:
            return end, breaks
        if kind & BREAK and not (point == 0x0A and end > place and text[end - 1] == 0x0D):
            breaks += 1
            if breaks == 2:
                return end, breaks
        end += length
