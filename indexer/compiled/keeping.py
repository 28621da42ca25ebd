"""Keeping the first K exposures and the last one of each phrase, in place, and saying where the kept ones stand.

Phrase numbers, and the slots that show a passage, are as in tallying.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel
from indexer.compiled.packing import total
from indexer.compiled.vectors import bit_count, continuing_mask, prefetch

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Records = npt.NDArray[Any]

_AHEAD = 8
_CHUNK = 64


@kernel
def keep_hits(
    numbers: Numbers,
    passages: Numbers,
    starts: Integers,
    slot_first: Integers,
    slots: Integers,
    documents: Integers,
    passage_starts: Integers,
    block: int,
    lasts: Records,
    firsts: Records,
    firsts_block: Integers,
    changed_lasts: Numbers,
    changed_firsts: Numbers,
) -> tuple[int, int]:
    """Put each occurrence where it belongs among the last ones [number] and the first K [number, K], in order.

    `lasts` also holds the occurrences so far (`total`) and the slot of the K-th first (`bound`); `firsts_block` says
    which block changed a first one latest. The numbers that this `block` (counted from 1) changes are listed once in
    the last two arrays; returns how many there are in each.
    """
    ends, beginnings = 0, 0
    for hit in range(len(numbers)):
        if hit + _AHEAD < len(numbers):
            prefetch(lasts, numbers[hit + _AHEAD])
        passage = passages[hit]
        document, byte = documents[passage], starts[hit] - passage_starts[passage]
        last = lasts[numbers[hit]]
        for place in range(slot_first[passage], slot_first[passage + 1]):
            slot = slots[place]
            if last.total < firsts.shape[1] or slot <= last.bound:
                is_kept = _keep_first(firsts[numbers[hit]], last, slot, document, byte, passage, block)
                if is_kept and firsts_block[numbers[hit]] != block:
                    firsts_block[numbers[hit]] = block
                    changed_firsts[beginnings] = numbers[hit]
                    beginnings += 1
            if last.total == 0 or not _is_before(slot, document, byte, last):
                if last.offset != -1 - block:
                    changed_lasts[ends] = numbers[hit]
                    ends += 1
                _put(last, slot, document, byte, passage, block)
            last.total += 1
    return ends, beginnings


@kernel
def _keep_first(firsts: Records, last: Any, slot: int, document: int, byte: int, passage: int, block: int) -> bool:
    """Put one occurrence among the first K of its phrase, if it belongs there."""
    place = min(last.total, len(firsts) - 1)
    if last.total >= len(firsts) and not _is_before(slot, document, byte, firsts[place]):
        return False
    while place > 0 and _is_before(slot, document, byte, firsts[place - 1]):
        firsts[place] = firsts[place - 1]
        place -= 1
    _put(firsts[place], slot, document, byte, passage, block)
    last.bound = firsts[len(firsts) - 1].slot
    return True


@kernel
def _is_before(slot: int, document: int, byte: int, other: Any) -> bool:
    """Whether an occurrence stands before another one in the run; within a slot, as in the shard."""
    if slot != other.slot:
        return bool(slot < other.slot)
    if document != other.document:
        return bool(document < other.document)
    return bool(byte < other.byte)


@kernel
def _put(record: Any, slot: int, document: int, byte: int, passage: int, block: int) -> None:
    """Note an occurrence whose offset is worked out later: −1 − its block stands there, and its passage as token."""
    record.slot = slot
    record.document = document
    record.byte = byte
    record.offset = -1 - block
    record.token = passage


@kernel
def list_unresolved(
    block: int,
    passage_starts: Integers,
    changed_lasts: Numbers,
    changed_firsts: Numbers,
    lasts: Records,
    firsts: Records,
    found: Integers,
) -> int:
    """List the records that wait for `block` among those of the numbers given: number, rank, passage, byte of the text.

    The rank of a first one is its place, that of the last one K. `found` is [4, records]; returns how many there are.
    """
    listed = 0
    for number in changed_lasts:
        listed += _list(lasts[number], block, number, firsts.shape[1], passage_starts, found, listed)
    for number in changed_firsts:
        for rank in range(firsts.shape[1]):
            listed += _list(firsts[number, rank], block, number, rank, passage_starts, found, listed)
    return listed


@kernel
def _list(
    record: Any, block: int, number: int, rank: int, passage_starts: Integers, found: Integers, listed: int
) -> int:
    """Put one record into column `listed` of `found`, if it waits for `block`; how many that are."""
    if record.offset != -1 - block:
        return 0
    found[0, listed], found[1, listed], found[2, listed] = number, rank, record.token
    found[3, listed] = passage_starts[record.token] + record.byte
    return 1


@kernel
def resolve(
    found: Integers,
    order: Integers,
    text: Bytes,
    passage_starts: Integers,
    offset: Integers,
    first_token: Integers,
    document_offset: Integers,
    lead: Integers,
    sizes: npt.NDArray[np.uint16],
    first_size: Integers,
    end_size: Integers,
    lasts: Records,
    firsts: Records,
) -> None:
    """Work out offset, token and document_offset of the records that `found` lists; in `order` their bytes do not fall.

    Every passage is walked once, up to its last record. Where the sizes of its tokens are not known, the token becomes
    −1 − the tokens before the passage.
    """
    passage = -1
    for one in order:
        if found[2, one] != passage:
            passage = found[2, one]
            place, characters = passage_starts[passage], 0
            token, token_end = first_size[passage], 0
        start = found[3, one]
        characters += _characters(text, place, start)
        place = start
        within = start - passage_starts[passage]
        stray = 3 * lead[passage]  # each of the bytes that lead stands in the text as U+FFFD, which has three
        byte = within // 3 if within < stray else within - stray + lead[passage]
        token, token_end = _pass_tokens(sizes, token, end_size[passage], token_end, byte)
        is_known = first_size[passage] < end_size[passage]
        in_row = first_token[passage] + token - first_size[passage] if is_known else -1 - first_token[passage]
        number, rank = found[0, one], found[1, one]
        if rank == firsts.shape[1]:
            _settle(lasts[number], offset[passage] + characters, in_row, document_offset[passage] + characters)
        else:
            _settle(firsts[number, rank], offset[passage] + characters, in_row, document_offset[passage] + characters)


@kernel
def _pass_tokens(
    sizes: npt.NDArray[np.uint16], token: int, end_token: int, token_end: int, byte: int
) -> tuple[int, int]:
    """(the token that holds `byte`, where it starts), going on from a token that starts at byte `token_end`."""
    while token + _CHUNK <= end_token:
        chunk_end = token_end + total(sizes, token, token + _CHUNK)
        if chunk_end > byte:
            break
        token_end = chunk_end
        token += _CHUNK
    while token < end_token and token_end + sizes[token] <= byte:
        token_end += sizes[token]
        token += 1
    return token, token_end


@kernel
def _settle(record: Any, offset: int, token: int, document_offset: int) -> None:
    record.offset = offset
    record.token = token
    record.document_offset = document_offset


@kernel
def _characters(text: Bytes, start: int, end: int) -> int:
    """Characters that begin in bytes [start, end)."""
    characters = end - start
    while start < end:
        mask = continuing_mask(text, start)
        if end - start < _CHUNK:
            mask &= (np.uint64(1) << np.uint64(end - start)) - np.uint64(1)
        characters -= bit_count(mask)
        start += _CHUNK
    return characters
