"""Passages copied out of documents into a buffer of their own, and what is said where they do not fit these."""

from __future__ import annotations

import numpy as np

from exposure.errors import CensusError
from indexer.blocks import GAP, Bytes, Integers
from indexer.compiled.packing import copy_passages
from indexer.compiled.vectors import PADDING
from indexer.spelling import SpelledBlock


def copied(
    source: Bytes, first: Integers, end: Integers, text_end: Integers, lead: Integers
) -> tuple[Bytes, Integers, Integers]:
    """(a buffer that holds bytes [first, end) of `source` apart, their starts, their ends), cut characters mended."""
    mended = 3 * (int(lead.sum()) + len(first))
    room = int((end - first).sum()) + mended + len(GAP) * (len(first) + 1) + PADDING
    target = np.empty(room, dtype=np.uint8)
    stops = np.empty((2, len(first)), dtype=np.int64)
    used = copy_passages(source, first, end, text_end, lead, target, stops)
    return target[: used + PADDING], stops[0], stops[1]


def other_bytes(path: str, spelled: SpelledBlock, index: int) -> CensusError:
    """The refusal of a census whose tokens do not add up to document `index` of a block."""
    tokens = spelled.tokens.size[spelled.first_token[index] : spelled.end_token[index]]
    return CensusError(
        f"The census of {path} says that the tokens of document {spelled.block.first + index} (counted from 0) have "
        f"{int(tokens.sum(dtype=np.int64))} bytes, but its text has {spelled.ends[index] - spelled.starts[index]}. "
        "Delete the census and run `exposure run init` again with the tokenizer of the run."
    )
