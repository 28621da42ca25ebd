"""The bundle's token rows, cut anew to a longer context: the same text, as `run init` would pack it.

Rows of `concatenate` are pieces of one stream of tokens, each behind the row's prefix; so the stream can be had from
them, and nothing more must be carried.
"""

from __future__ import annotations

import numpy as np

from exposure.order_rules import Sequential
from exposure.orders import DataOrder
from lab.token_rows import RowFacts, TokenRows, rows_key


def longer_rows(order: DataOrder, rows: TokenRows, length: int, most: int | None = None) -> tuple[DataOrder, TokenRows]:
    """The manifest and rows of the same stream in rows of `length` tokens, in order and once; of the first `most` rows.

    Raises ValueError where the rows are no pieces of one stream, or too short for one row.
    """
    spec = order.tokenizer
    if spec is None or order.packing != "concatenate" or spec.row_suffix:
        raise ValueError("Only rows that were concatenated, without a suffix, can be cut anew.")
    prefix = np.array(spec.row_prefix_ids, dtype=rows.ids.dtype)
    stream = rows.ids[:, len(prefix) :].reshape(-1)
    text = length - len(prefix)  # tokens of a row that are of the stream
    count = len(stream) // text if most is None else min(most, len(stream) // text)
    if count < 1:
        raise ValueError(f"A stream of {len(stream):,} tokens makes no row of {length:,}.")
    left = len(stream) - count * text + order.tail_tokens
    cut = {"sequence_length": length, "rows": count, "slots": count, "tail_tokens": left, "epochs": 1}
    longer = order.model_copy(update={**cut, "order": Sequential(), "order_sha256": None})
    ids = np.empty((count, length), dtype=rows.ids.dtype)
    ids[:, : len(prefix)] = prefix
    ids[:, len(prefix) :] = stream[: count * text].reshape(count, text)
    facts = RowFacts(rows_key(longer), rows.facts.tokenizer_sha256, rows.facts.vocabulary, count, length)
    return longer, TokenRows(facts, ids, np.full(count, length, dtype=np.int32))
