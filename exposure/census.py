"""The census: where the documents and tokens of each shard lie, counted once and kept as sidecars.

Two Parquet files a shard, named by content, so that any run over the same shard shares them:

* `<shard>.<fields>.documents.parquet`: one row a document: `line` (1-based; row for Parquet), `start` (byte in the
  uncompressed stream; row for Parquet), `characters` (of the raw text) and `crc32` (of its UTF-8 bytes).
* `<shard>.<fields>.<tokenizer>.tokens.parquet`: one row a document: `tokens`, `rewritten` (the tokens do not decode to
  the normalised text), `token_bytes`, `token_continuing`, `token_lead` (lists, one number a token).

Token lengths serve every packing rule and sequence length: a cut is a sum over them, and so is the token of a hit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.errors import CensusError
from exposure.orders import DataOrder, Shard, Skipped

CENSUS_VERSION = 1
"""Changes only when a sidecar's content would."""

DOCUMENTS_SCHEMA = pa.schema(
    [("line", pa.int64()), ("start", pa.int64()), ("characters", pa.int64()), ("crc32", pa.uint32())]
)
_LENGTHS = pa.list_(pa.uint16())
_LENGTH_COLUMNS = ["token_bytes", "token_continuing", "token_lead"]
TOKENS_SCHEMA = pa.schema(
    [
        ("tokens", pa.int64()),
        ("rewritten", pa.bool_()),
        ("token_bytes", _LENGTHS),
        ("token_continuing", _LENGTHS),
        ("token_lead", _LENGTHS),
    ]
)


@dataclass(frozen=True)
class SidecarKeys:
    """The file names of one shard's sidecars."""

    documents: str
    tokens: str | None

    @classmethod
    def of(cls, shard_sha256: str, text_field: str, id_field: str, tokenizer_sha256: str | None) -> SidecarKeys:
        """Names made of the digests of everything that a sidecar's content depends on."""
        fields = hashlib.sha256(json.dumps([CENSUS_VERSION, text_field, id_field]).encode()).hexdigest()[:8]
        stem = f"{shard_sha256[:20]}.{fields}"
        tokens = None if tokenizer_sha256 is None else f"{stem}.{tokenizer_sha256[:20]}.tokens.parquet"
        return cls(f"{stem}.documents.parquet", tokens)


@dataclass(frozen=True)
class TokenLengths:
    """Lengths of the tokens of one document, in order.

    `size` is bytes; `continuing` those of them that continue a character (almost always none); `lead` those of the
    continuing ones that stand at the token's start, their character having begun in a token before.
    """

    size: npt.NDArray[np.uint16]
    continuing: npt.NDArray[np.uint16]
    lead: npt.NDArray[np.uint16]

    @property
    def characters(self) -> npt.NDArray[np.int64]:
        """Characters that begin in each token."""
        return self.size.astype(np.int64) - self.continuing

    def __len__(self) -> int:
        return len(self.size)


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
        """Tokens of each document."""
        return np.asarray(self._token_table(["tokens"])["tokens"].to_numpy(), dtype=np.int64)

    @cached_property
    def rewritten(self) -> npt.NDArray[np.bool_]:
        """Documents whose tokens do not decode to the normalised text, and must be tokenised again to be read."""
        return np.asarray(self._token_table(["rewritten"])["rewritten"].to_numpy(zero_copy_only=False), dtype=np.bool_)

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

    def token_lengths(self, first_document: int, end_document: int) -> list[TokenLengths]:
        """Token lengths of documents [first, end); reads only the row groups that hold them."""
        metadata = self._lengths_file.metadata
        starts = np.cumsum([0] + [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)])
        groups = [
            i for i in range(metadata.num_row_groups) if starts[i] < end_document and starts[i + 1] > first_document
        ]
        if not groups:
            return []
        table = self._row_groups(tuple(groups))
        table = table.slice(first_document - starts[groups[0]], end_document - first_document)
        lists = [table[column].combine_chunks() for column in _LENGTH_COLUMNS]
        offsets = np.asarray(lists[0].offsets)
        values = [np.asarray(one.values) for one in lists]
        return [TokenLengths(*(value[a:b] for value in values)) for a, b in pairwise(offsets)]

    def _row_groups(self, groups: tuple[int, ...]) -> pa.Table:
        # The last ones are held: documents are asked for one after the other, often one at a time.
        table = self._held.get(groups)
        if table is None:
            with _reading(self._tokens_path):
                table = self._lengths_file.read_row_groups(list(groups), columns=_LENGTH_COLUMNS)
            self._held.clear()
            self._held[groups] = table
        return table

    @cached_property
    def _held(self) -> dict[tuple[int, ...], pa.Table]:
        return {}

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
        tokenizer = order.tokenizer.sha256 if order.tokenizer else None
        shards = []
        for shard in order.shards:
            keys = SidecarKeys.of(shard.sha256, order.text_field, order.id_field, tokenizer)
            for name in (keys.documents, keys.tokens):
                if name is not None and not (folder / name).exists():
                    raise CensusError(
                        f"The census of {shard.path} ({name}) is not in {folder}. "
                        "Make it again with the `exposure run init` command of this run, or say where it is with "
                        "--census."
                    )
            shards.append(ShardCensus(folder, keys, shard))
        return cls(order, tuple(shards))

    @cached_property
    def first_documents(self) -> npt.NDArray[np.int64]:
        """Number of the first document of each shard among all documents; one more entry holds the total."""
        return np.cumsum([0] + [one.shard.documents for one in self.shards])

    @cached_property
    def first_tokens(self) -> npt.NDArray[np.int64]:
        """Place of each shard's first token in the stream, end-of-document tokens included; then the total."""
        return np.cumsum([0] + [(one.shard.tokens or 0) + one.shard.documents for one in self.shards])


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
    except (OSError, pa.ArrowException) as error:
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
