"""From the answers for the pieces of documents to the lengths of their tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from indexer.compiled.jit import kernel
from indexer.compiled.piece_table import BROKEN, REWRITTEN, TOO_LONG, UNEVEN, Bytes, Integers, Lengths, Sizes, Words


@kernel
def count_tokens(found: Words, pieces: int, kept: Lengths, asked: Lengths) -> Any:
    """Tokens of the first `pieces` of `found`; `kept` and `asked` are those of kept and of too long pieces."""
    total = np.int64(0)
    kept_tokens, asked_tokens = kept.tokens, asked.tokens
    for index in range(pieces):
        answer = found[index]
        if answer & np.uint64(7) != 0:
            total += np.int64(answer & np.uint64(7))
        elif answer & np.uint64(TOO_LONG) != 0:
            total += asked_tokens[answer >> np.uint64(8)]
        else:
            total += kept_tokens[answer >> np.uint64(8)]
    return total


@kernel
def copy_lengths(
    found: Words,
    pieces: int,
    last: Integers,
    first_document: int,
    row_tokens: int,
    kept: Lengths,
    asked: Lengths,
    counts: Integers,
    flags: Bytes,
    token: Any,
    size: Sizes,
    continuing: Sizes,
    lead: Sizes,
) -> Any:
    """Write the lengths of all tokens of `found` from place `token` on; returns the place behind them.

    Of a document no more than `row_tokens` are written, with what earlier calls wrote of it: `counts[d]` grows by the
    tokens of document d. `flags[d]` becomes REWRITTEN where one of its pieces is; where two are or one is broken,
    BROKEN: then the pieces do not say what the whole is.
    """
    document, index = first_document, 0
    token = np.int64(token)
    while index < pieces:
        room, before = row_tokens - counts[document], token
        while index < last[document]:
            answer = found[index]
            tokens = np.int64(answer & np.uint64(7))
            index += 1
            if tokens != 0:
                tokens = min(tokens, room)
                for place in range(tokens):
                    answer >>= np.uint64(8)
                    size[token + place] = answer & np.uint64(0xFF)
            elif answer & np.uint64(TOO_LONG) != 0:
                tokens = _copy_piece(
                    asked, answer >> np.uint64(8), room, flags, document, token, size, continuing, lead
                )
            else:
                tokens = _copy_piece(kept, answer >> np.uint64(8), room, flags, document, token, size, continuing, lead)
            token += tokens
            room -= tokens
        counts[document] += token - before
        document += 1
    return token


@kernel
def _copy_piece(
    lengths: Lengths,
    piece: Any,
    room: int,
    flags: Bytes,
    document: int,
    token: Any,
    size: Sizes,
    continuing: Sizes,
    lead: Sizes,
) -> Any:
    """Copy a piece that has a flag, or more than an answer holds; returns its tokens."""
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
