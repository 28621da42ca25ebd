"""Tokens of documents → rows, by the two packing rules of docs/run-manifest.md."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from exposure.errors import CensusError
from exposure.orders import DataOrder

Ids = npt.NDArray[np.uint32]


class Packer(Protocol):
    """Takes the token ids of documents in order and fills rows [row, L] and their lengths [row]."""

    text_tokens: int

    def add(self, ids: Ids) -> None:
        """The next document."""

    def close(self) -> None:
        """Raise CensusError where the documents did not fill the rows that the manifest counts."""


def packer_of(order: DataOrder, rows: npt.NDArray[Any], lengths: npt.NDArray[np.int32]) -> Packer:
    """The packing rule of `order`, which has a tokenizer, over rows that are zero so far."""
    return _PACKERS[order.packing](order, rows, lengths)


class _DocumentPerRow:
    """Prefix, the first tokens of a document, suffix."""

    def __init__(self, order: DataOrder, rows: npt.NDArray[Any], lengths: npt.NDArray[np.int32]) -> None:
        assert order.tokenizer is not None
        self.text_tokens = order.text_tokens_per_row
        self._prefix, self._suffix = order.tokenizer.row_prefix_ids, order.tokenizer.row_suffix_ids
        self._rows, self._lengths, self._row = rows, lengths, 0

    def add(self, ids: Ids) -> None:
        row = np.concatenate([self._prefix, ids[: self.text_tokens], self._suffix])
        self._rows[self._row, : len(row)] = row
        self._lengths[self._row] = len(row)
        self._row += 1

    def close(self) -> None:
        _refuse_other_count(self._row, len(self._rows))


class _Concatenate:
    """Documents, each followed by its end-of-document token, joined to a stream that is cut; prefix before each cut."""

    def __init__(self, order: DataOrder, rows: npt.NDArray[Any], lengths: npt.NDArray[np.int32]) -> None:
        spec = order.tokenizer
        assert spec is not None
        assert spec.end_of_document_id is not None
        self.text_tokens = order.text_tokens_per_row
        self._end = np.array([spec.end_of_document_id], dtype=np.uint32)
        self._first = len(spec.row_prefix_ids)
        self._rows, self._row = rows, 0
        self._rest = np.empty(0, dtype=np.uint32)
        rows[:, : self._first] = spec.row_prefix_ids
        rows[:, self._first + self.text_tokens :] = spec.row_suffix_ids
        lengths[:] = rows.shape[1]

    def add(self, ids: Ids) -> None:
        stream = np.concatenate([self._rest, ids, self._end])
        full = min(len(stream) // self.text_tokens, len(self._rows) - self._row)
        cut = full * self.text_tokens
        text = slice(self._first, self._first + self.text_tokens)
        self._rows[self._row : self._row + full, text] = stream[:cut].reshape(full, self.text_tokens)
        self._row += full
        self._rest = stream[cut:]

    def close(self) -> None:
        """Raise CensusError where rows are left over, or tokens for one more."""
        _refuse_other_count(self._row + len(self._rest) // self.text_tokens, len(self._rows))


def _refuse_other_count(found: int, expected: int) -> None:
    if found != expected:
        raise CensusError(
            f"The corpus fills {found:,} rows, the manifest says {expected:,}. Make the manifest again with "
            "`exposure run init`."
        )


_PACKERS: dict[str, type[_DocumentPerRow] | type[_Concatenate]] = {
    "document-per-row": _DocumentPerRow,
    "concatenate": _Concatenate,
}
