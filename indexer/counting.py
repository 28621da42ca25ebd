"""Making the census: every document and token of a shard counted once, written as sidecars, never counted again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.artefacts import atomic_write
from exposure.census import DOCUMENTS_SCHEMA, TOKENS_SCHEMA, SidecarKeys, sidecar_metadata
from exposure.errors import CorpusError
from exposure.orders import Shard, Skipped
from exposure.provenance import sha256_of_file, versions
from indexer.readers.text import BadLine, Document, Fields, read_shard
from indexer.tokens import TextTokenizer

BATCH_CHARACTERS = 1 << 21
ROWS_A_GROUP = 4096
Report = Callable[[int], None]
"""Called with the bytes read from the file since the last call."""


def count_shard(
    path: Path, fields: Fields, tokenizer: TextTokenizer | None, folder: Path, skip_bad: bool, report: Report
) -> Shard:
    """The manifest entry of one shard, its sidecars being in `folder` afterwards.

    Sidecars that are already there are taken as they are. Raises CorpusError where the shard has bad lines and they
    were not to be skipped, or has no document at all.
    """
    digest = _digest(path)
    keys = SidecarKeys.of(digest, fields.text, fields.id, tokenizer.sha256 if tokenizer else None)
    wanted = [folder / name for name in (keys.documents, keys.tokens) if name is not None]
    if not all(one.exists() for one in wanted):
        _write_sidecars(path, digest, fields, tokenizer, folder, keys, skip_bad, report)
    else:
        report(path.stat().st_size)
    noted = sidecar_metadata(folder / keys.documents)
    skipped = tuple(Skipped(**one) for one in noted["skipped"])
    if skipped and not skip_bad:
        raise _refusal(path, skipped)
    if not noted["documents"]:
        raise CorpusError(f"{path} has no document. Leave it out of --corpus.")
    tokens = None if keys.tokens is None else sidecar_metadata(folder / keys.tokens)["tokens"]
    return Shard(
        path=str(path),
        bytes=path.stat().st_size,
        sha256=digest,
        documents=noted["documents"],
        characters=noted["characters"],
        tokens=tokens,
        skipped=skipped,
    )


def _digest(path: Path) -> str:
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise CorpusError(
            f"The shard {path} cannot be read: {error.strerror}. Check the path and its permissions."
        ) from error


def _refusal(path: Path, skipped: tuple[Skipped, ...]) -> CorpusError:
    first = "; ".join(f"line {one.line}: {one.reason}" for one in skipped[:3])
    more = f" (and {len(skipped) - 3} more)" if len(skipped) > 3 else ""
    return CorpusError(
        f"{path} has {len(skipped)} bad line{'s' * (len(skipped) > 1)}: {first}{more}. Mend the shard, or run again "
        "with --skip-bad, which leaves these lines out of the order and records them in the manifest."
    )


def _write_sidecars(
    path: Path,
    digest: str,
    fields: Fields,
    tokenizer: TextTokenizer | None,
    folder: Path,
    keys: SidecarKeys,
    skip_bad: bool,
    report: Report,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    skipped: list[Skipped] = []
    seen: list[str] = []
    good = _good_documents(path, fields, skipped, seen, report)
    with (
        _Sidecar(folder / keys.documents, DOCUMENTS_SCHEMA) as documents,
        _Sidecar(folder / keys.tokens if tokenizer and keys.tokens else None, TOKENS_SCHEMA) as tokens,
    ):
        characters, total_tokens = 0, 0
        for batch in _batches(good):
            documents.write(_document_rows(batch))
            if tokenizer is not None and (skip_bad or not skipped):
                table = _token_rows(batch, tokenizer)
                total_tokens += int(table["tokens"].to_numpy().sum())
                tokens.write(table)
            characters += sum(len(document.text) for document in batch)
        if skipped and not skip_bad:
            raise _refusal(path, tuple(skipped))
        if seen != [digest]:
            raise CorpusError(f"{path} changed while it was being read. Run again when nothing writes to it.")
        documents.note(documents=documents.rows, characters=characters, skipped=[one.model_dump() for one in skipped])
        tokens.note(tokens=total_tokens)


def _good_documents(
    path: Path, fields: Fields, skipped: list[Skipped], digest: list[str], report: Report
) -> Iterator[Document]:
    """The documents of a shard; bad lines go to `skipped`, the digest of what was read to `digest`."""
    for row in read_shard(path, fields, report):
        if isinstance(row, Document):
            yield row
        elif isinstance(row, BadLine):
            skipped.append(Skipped(line=row.line, reason=row.reason))
        else:
            digest.append(row)


def _batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _document_rows(batch: list[Document]) -> pa.Table:
    return pa.table(
        [
            [document.line for document in batch],
            [document.start for document in batch],
            [len(document.text) for document in batch],
            [zlib.crc32(document.text.encode()) for document in batch],
        ],
        schema=DOCUMENTS_SCHEMA,
    )


def _token_rows(batch: list[Document], tokenizer: TextTokenizer) -> pa.Table:
    encoded = tokenizer.encode([document.text for document in batch])
    rewritten = [
        tokenizer.decode(ids) != tokenizer.normalise(document.text).encode()
        for ids, document in zip(encoded, batch, strict=True)
    ]
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in encoded])]).astype(np.int32)
    lengths = tokenizer.lengths(np.concatenate(encoded))
    columns = [
        pa.ListArray.from_arrays(offsets, pa.array(values))
        for values in (lengths.size, lengths.continuing, lengths.lead)
    ]
    return pa.table([[len(ids) for ids in encoded], rewritten, *columns], schema=TOKENS_SCHEMA)


class _Sidecar:
    """A Parquet file that takes its place only when the block that writes it ends well; nothing when `path` is None."""

    def __init__(self, path: Path | None, schema: pa.Schema) -> None:
        self._place = None if path is None else atomic_write(path)
        self._schema = schema
        self.rows = 0

    def __enter__(self) -> _Sidecar:
        if self._place is not None:
            self._writer = pq.ParquetWriter(
                self._place.__enter__(), self._schema, compression="zstd", write_page_checksum=True
            )
        return self

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self.rows += table.num_rows
        self._writer.write_table(table, row_group_size=ROWS_A_GROUP)

    def note(self, **facts: object) -> None:
        """Put facts and provenance into the file's metadata."""
        if self._place is not None:
            self._writer.add_key_value_metadata({"exposure": json.dumps({**facts, "versions": versions()})})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._place is not None:
            self._writer.close()
            self._place.__exit__(kind, error, trace)
