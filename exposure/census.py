"""The census: where the documents and tokens of each shard lie, counted once and kept as sidecars.

Two Parquet files a shard, named by content, so that any run over the same shard shares them:

* `<shard>.<fields>.documents.parquet`: one row a document: `line` (1-based; row for Parquet), `start` (byte in the
  uncompressed stream; row for Parquet), `characters` (of the raw text) and `crc32` (of its UTF-8 bytes).
* `<shard>.<fields>.<tokenizer>.tokens.parquet`: one row a document: `tokens`, `rewritten` (the tokens do not decode to
  the normalised text), `token_bytes`, `token_continuing`, `token_lead` (one number a token; `token_block.py`).

Token lengths serve every packing rule and sequence length: a cut is a sum over them, and so is the token of a hit. A
run with a document per row needs fewer of them, and makes do with a sidecar of its own kind and row length:

* `<shard>.<fields>.<tokenizer>.document-per-row-<T>.tokens.parquet`: of a document that surely fits a row of T tokens
  none (`tokens` is null), of any other the first T. The whole one is preferred where both are there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.errors import CensusError
from exposure.orders import DataOrder, Shard, Skipped
from exposure.token_block import TOKENS_SCHEMA, TokenBlock, TokenLengths, tokens_of

__all__ = [
    "CENSUS_VERSION",
    "DOCUMENTS_SCHEMA",
    "TOKENS_SCHEMA",
    "Census",
    "ShardCensus",
    "SidecarKeys",
    "TokenBlock",
    "TokenLengths",
    "document_starts",
    "sidecar_metadata",
    "skipped_of",
]

CENSUS_VERSION = 2
"""Changes only when a sidecar's content would."""

DOCUMENTS_SCHEMA = pa.schema(
    [("line", pa.int64()), ("start", pa.int64()), ("characters", pa.int64()), ("crc32", pa.uint32())]
)


@dataclass(frozen=True)
class SidecarKeys:
    """The file names of one shard's sidecars."""

    documents: str
    tokens: str | None

    @classmethod
    def of(
        cls,
        shard_sha256: str,
        text_field: str,
        id_field: str,
        tokenizer_sha256: str | None,
        row_tokens: int | None = None,
    ) -> SidecarKeys:
        """Names made of the digests of everything that a sidecar's content depends on.

        With `row_tokens` the tokens sidecar is that of rows of one document with so many tokens of text.
        """
        fields = hashlib.sha256(json.dumps([CENSUS_VERSION, text_field, id_field]).encode()).hexdigest()[:8]
        stem = f"{shard_sha256[:20]}.{fields}"
        rule = "" if row_tokens is None else f".document-per-row-{row_tokens}"
        tokens = None if tokenizer_sha256 is None else f"{stem}.{tokenizer_sha256[:20]}{rule}.tokens.parquet"
        return cls(f"{stem}.documents.parquet", tokens)


@dataclass(frozen=True)
class ShardCensus:
    """One shard's sidecars, read lazily."""

    folder: Path
    keys: SidecarKeys
    shard: Shard

    @cached_property
    def documents(self) -> pa.Table:
        """The documents sidecar (DOCUMENTS_SCHEMA)."""
        return _read(self.folder / self.keys.documents, DOCUMENTS_SCHEMA, self.shard)

    @cached_property
    def tokens(self) -> npt.NDArray[np.int64]:
        """Tokens that are kept of each document: all of them in a whole census, 0 where none are known."""
        return self._counts[0]

    @cached_property
    def tokenised(self) -> npt.NDArray[np.bool_]:
        """Documents whose tokens are known; of the others it is known that they fit their row whole."""
        return self._counts[1]

    @cached_property
    def rewritten(self) -> npt.NDArray[np.bool_]:
        """Documents whose tokens do not decode to the normalised text, and must be tokenised again to be read."""
        return np.asarray(self._token_table(["rewritten"])["rewritten"].to_numpy(), dtype=np.bool_)

    def token_block(self, first_document: int, end_document: int) -> TokenBlock:
        """Token lengths of documents [first, end), in flat columns; reads only the row groups that hold them."""
        starts = self._group_starts
        first, end = (int(place) for place in np.searchsorted(starts, [first_document, end_document], side="right") - 1)
        groups = range(first, min(end, len(starts) - 2) + 1) if first_document < end_document else range(0)
        blocks = []
        for group in groups:
            if starts[group] < end_document:
                documents = (first_document, end_document) - starts[group]
                block = self._group(group)
                blocks.append(block.part(max(int(documents[0]), 0), min(int(documents[1]), len(block))))
        for group in set(self._held) - set(groups):
            del self._held[group]
        return TokenBlock.joined(blocks)

    def token_lengths(self, first_document: int, end_document: int) -> list[TokenLengths]:
        """Token lengths of documents [first, end), one by one; none where a document was not tokenised."""
        block = self.token_block(first_document, end_document)
        return [block.document(index) for index in range(len(block))]

    def _group(self, group: int) -> TokenBlock:
        # Held until documents beyond it are asked for: they come one after the other, often one at a time.
        if group not in self._held:
            with _reading(self._tokens_path):
                table = self._lengths_file.read_row_group(group, use_threads=False)
                self._held[group] = TokenBlock.of_table(table)
        return self._held[group]

    @cached_property
    def _held(self) -> dict[int, TokenBlock]:
        return {}

    @cached_property
    def _group_starts(self) -> npt.NDArray[np.int64]:
        metadata = self._lengths_file.metadata
        return np.cumsum([0] + [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)])

    @cached_property
    def _lengths_file(self) -> pq.ParquetFile:
        path = self._tokens_path
        with _reading(path):
            file = pq.ParquetFile(path, page_checksum_verification=True)
        _refuse_other(path, file.schema_arrow.names, TOKENS_SCHEMA.names, file.metadata.num_rows, self.shard)
        return file

    @property
    def _tokens_path(self) -> Path:
        if self.keys.tokens is None:
            raise CensusError(f"{self.shard.path}: this run has no tokenizer, so its census counts no tokens.")
        return self.folder / self.keys.tokens

    @cached_property
    def _counts(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        return tokens_of(self._token_table(["tokens"])["tokens"])

    def _token_table(self, columns: list[str]) -> pa.Table:
        return _read(self._tokens_path, TOKENS_SCHEMA, self.shard, columns)


@dataclass(frozen=True)
class Census:
    """The census of a whole data order: shards joined end to end."""

    order: DataOrder
    shards: tuple[ShardCensus, ...] = field(repr=False)

    @classmethod
    def open(cls, order: DataOrder, folder: Path | None = None) -> Census:
        """The sidecars of `order`, in `folder` or where the manifest says; raises CensusError where one is missing."""
        folder = Path(order.census) if folder is None else folder
        return cls(order, tuple(ShardCensus(folder, _keys_of(order, shard, folder), shard) for shard in order.shards))

    @cached_property
    def first_documents(self) -> npt.NDArray[np.int64]:
        """Number of the first document of each shard among all documents; one more entry holds the total."""
        return np.cumsum([0] + [one.shard.documents for one in self.shards])

    @cached_property
    def first_tokens(self) -> npt.NDArray[np.int64]:
        """Place of each shard's first token in the stream, end-of-document tokens included; then the total.

        Only where documents are joined to a stream (`concatenate`): elsewhere not all tokens are counted.
        """
        assert self.order.packing == "concatenate"
        return np.cumsum([0] + [(one.shard.tokens or 0) + one.shard.documents for one in self.shards])


def _keys_of(order: DataOrder, shard: Shard, folder: Path) -> SidecarKeys:
    """The sidecars of a shard that are there, those with all tokens before others; raises CensusError without."""
    tokenizer = order.tokenizer.sha256 if order.tokenizer else None
    kinds: list[int | None] = [None]
    if order.packing == "document-per-row" and tokenizer is not None:
        kinds.append(order.text_tokens_per_row)
    names = [SidecarKeys.of(shard.sha256, order.text_field, order.id_field, tokenizer, kind) for kind in kinds]
    for keys in names:
        if all((folder / name).exists() for name in (keys.documents, keys.tokens) if name is not None):
            return keys
    documents, tokens = names[0].documents, [keys.tokens for keys in names if keys.tokens is not None]
    missing = [documents] if not (folder / documents).exists() else tokens
    raise CensusError(
        f"The census of {shard.path} ({' or '.join(missing)}) is not in {folder}. Put it there, or make it again with "
        "the `exposure run init` command of this run."
    )


def document_starts(shard: ShardCensus) -> npt.NDArray[np.int64]:
    """Place of each document's first token within its shard's stream; one more entry holds the shard's total.

    Every document is followed by one end-of-document token.
    """
    return np.concatenate([[0], np.cumsum(shard.tokens + 1)])


def sidecar_metadata(path: Path) -> dict[str, Any]:
    """What the maker of a sidecar noted: skipped lines, tokens, provenance."""
    with _reading(path):
        raw = pq.read_metadata(path).metadata or {}
    return dict(json.loads(raw.get(b"exposure", b"{}")))


def skipped_of(path: Path) -> tuple[Skipped, ...]:
    """The lines that a documents sidecar leaves out."""
    return tuple(Skipped(**one) for one in sidecar_metadata(path).get("skipped", []))


def _read(path: Path, schema: pa.Schema, shard: Shard, columns: list[str] | None = None) -> pa.Table:
    with _reading(path):
        table = pq.read_table(path, columns=columns, page_checksum_verification=True)
    _refuse_other(path, table.column_names, schema.names if columns is None else columns, table.num_rows, shard)
    return table


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns what a damaged file does to its reader into a CensusError that names it."""
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        raise CensusError(
            f"The census {path} cannot be read: {error}. Delete it and run `exposure run init` again."
        ) from error


def _refuse_other(path: Path, found: list[str], expected: list[str], documents: int, shard: Shard) -> None:
    if found != expected or documents != shard.documents:
        raise CensusError(
            f"The census {path} has {documents} documents and the columns {', '.join(found)}; the manifest says "
            f"{shard.documents} documents, and {', '.join(expected)} were expected. "
            "Delete it and run `exposure run init` again."
        )
