"""Making the census: every document and token of a shard counted once, written as sidecars, never counted again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from exposure.census import DOCUMENTS_SCHEMA, TOKENS_SCHEMA, SidecarKeys, sidecar_metadata
from exposure.errors import CensusError, CorpusError, UsageError
from exposure.orders import Shard, Skipped
from exposure.provenance import sha256_of_file
from indexer.blocks import Bytes, Integers
from indexer.compiled.vectors import PADDING
from indexer.readers.text import BadLine, Document, Fields, read_shard
from indexer.sidecars import document_rows, sidecar
from indexer.token_counters import TokenCounters
from indexer.work_in_order import in_order

BATCH_CHARACTERS = 1 << 20
Report = Callable[[int], None]
"""Called with the bytes read from the file since the last call."""


@dataclass(frozen=True)
class Counting:
    """How the shards of a run are counted: `counters` is None without a tokenizer; `folder` takes the sidecars."""

    fields: Fields
    counters: TokenCounters | None
    folder: Path
    skip_bad: bool = False
    threads: int = 1


@dataclass(frozen=True)
class _CountedBatch:
    """Rows of both sidecars and their sums; `token_rows` is None where no tokens were asked for."""

    rows: pa.Table
    characters: int
    token_rows: pa.Table | None = None
    tokens: int = 0


def count_shard(path: Path, counting: Counting, report: Report) -> Shard:
    """The manifest entry of one shard, its sidecars being in the census's folder afterwards.

    Sidecars that are already there are taken as they are, those with all tokens before others. Raises CorpusError where
    the shard has bad lines and they were not to be skipped, or has no document at all.
    """
    digest = _digest(path)
    found = next((keys for keys in _usable_keys(digest, counting) if _is_there(counting.folder, keys)), None)
    if found is None:
        found = _usable_keys(digest, counting)[-1]
        _write_sidecars(path, digest, counting, found, report)
    else:
        report(path.stat().st_size)
    documents, characters, lines = _noted(counting.folder / found.documents, "documents", "characters", "skipped")
    skipped = tuple(Skipped(**one) for one in lines)
    if skipped and not counting.skip_bad:
        raise _refusal(path, skipped)
    (tokens,) = (None,) if found.tokens is None else _noted(counting.folder / found.tokens, "tokens")
    return Shard(
        path=str(path),
        bytes=path.stat().st_size,
        sha256=digest,
        documents=documents,
        characters=characters,
        tokens=tokens,
        skipped=skipped,
    )


def _usable_keys(digest: str, counting: Counting) -> list[SidecarKeys]:
    """The sidecars that would do, the best first; the last are those that are made where there are none."""
    counters = counting.counters
    sha256 = None if counters is None else counters.tokenizer.sha256
    kinds = [None] if counters is None or counters.row_tokens is None else [None, counters.row_tokens]
    return [SidecarKeys.of(digest, counting.fields.text, counting.fields.id, sha256, kind) for kind in kinds]


def _is_there(folder: Path, keys: SidecarKeys) -> bool:
    return all((folder / name).exists() for name in (keys.documents, keys.tokens) if name is not None)


def _noted(path: Path, *names: str) -> list[Any]:
    """Facts that the maker of a sidecar noted in it."""
    facts = sidecar_metadata(path)
    if missing := [name for name in names if name not in facts]:
        raise CensusError(
            f"The census {path} does not say its {missing[0]}: it was not made here. Delete it and run "
            "`exposure run init` again."
        )
    return [facts[name] for name in names]


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


def _write_sidecars(path: Path, digest: str, counting: Counting, keys: SidecarKeys, report: Report) -> None:
    _make_folder(counting.folder)
    skipped: list[Skipped] = []
    seen: list[str] = []
    batches = _batches(_good_documents(path, counting.fields, skipped, seen, report))
    with ExitStack() as stack:
        documents = stack.enter_context(sidecar(counting.folder / keys.documents, DOCUMENTS_SCHEMA))
        tokens = stack.enter_context(sidecar(counting.folder / keys.tokens, TOKENS_SCHEMA)) if keys.tokens else None
        characters, total_tokens = 0, 0

        def count(batch: list[Document]) -> _CountedBatch:
            return _counted(batch, counting.counters if counting.skip_bad or not skipped else None)

        for counted in stack.enter_context(in_order(count, batches, counting.threads)):
            documents.write(counted.rows)
            if tokens is not None and counted.token_rows is not None:
                tokens.write(counted.token_rows)
            characters += counted.characters
            total_tokens += counted.tokens
        if skipped and not counting.skip_bad:
            raise _refusal(path, tuple(skipped))
        if seen != [digest]:
            raise CorpusError(f"{path} changed while it was being read. Run again when nothing writes to it.")
        if not documents.rows:
            raise CorpusError(f"{path} has no document{_why(skipped)}. Leave it out of --corpus.")
        documents.note(documents=documents.rows, characters=characters, skipped=[one.model_dump() for one in skipped])
        if tokens is not None and counting.counters is not None:
            tokens.note(tokens=total_tokens if counting.counters.row_tokens is None else None)


def _counted(batch: list[Document], counters: TokenCounters | None) -> _CountedBatch:
    texts = [document.text.encode() for document in batch]
    rows, characters = document_rows(batch, texts), sum(len(document.text) for document in batch)
    if counters is None:
        return _CountedBatch(rows, characters)
    block = one_after_another(texts)
    texts.clear()  # one of them may be very long
    with counters.one() as counter:
        tokens = counter.block(*block)
        return _CountedBatch(rows, characters, tokens.to_table(), int(tokens.offsets[-1]))


def one_after_another(texts: list[bytes]) -> tuple[Bytes, Integers, Integers]:
    """(all texts and PADDING, where each starts, where each ends)."""
    content = bytearray().join([*texts, bytes(PADDING)])
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    ends = np.cumsum(lengths)
    return np.frombuffer(content, dtype=np.uint8), ends - lengths, ends


def _why(skipped: list[Skipped]) -> str:
    return f" (line {skipped[0].line}: {skipped[0].reason})" if skipped else ""


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The census cannot be written to {folder}: {error.strerror}. Name another folder with --census."
        ) from error


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
