"""Making the census: every document and token of a shard counted once, written as sidecars, never counted again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from exposure.census import DOCUMENTS_SCHEMA, TOKENS_SCHEMA, SidecarKeys, sidecar_metadata
from exposure.errors import CensusError, CorpusError, UsageError
from exposure.orders import Shard, Skipped
from exposure.provenance import sha256_of_file
from indexer.readers.text import BadLine, Document, Fields, read_shard
from indexer.sidecars import document_rows, sidecar, token_rows
from indexer.tokens import TextTokenizer

BATCH_CHARACTERS = 1 << 21
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
    documents, characters, lines = _noted(folder / keys.documents, "documents", "characters", "skipped")
    skipped = tuple(Skipped(**one) for one in lines)
    if skipped and not skip_bad:
        raise _refusal(path, skipped)
    (tokens,) = (None,) if keys.tokens is None else _noted(folder / keys.tokens, "tokens")
    return Shard(
        path=str(path),
        bytes=path.stat().st_size,
        sha256=digest,
        documents=documents,
        characters=characters,
        tokens=tokens,
        skipped=skipped,
    )


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
    _make_folder(folder)
    skipped: list[Skipped] = []
    seen: list[str] = []
    good = _good_documents(path, fields, skipped, seen, report)
    with ExitStack() as stack:
        documents = stack.enter_context(sidecar(folder / keys.documents, DOCUMENTS_SCHEMA))
        tokens = stack.enter_context(sidecar(folder / keys.tokens, TOKENS_SCHEMA)) if keys.tokens else None
        characters, total_tokens = 0, 0
        for batch in _batches(good):
            documents.write(document_rows(batch))
            if tokenizer is not None and tokens is not None and (skip_bad or not skipped):
                table = token_rows(batch, tokenizer)
                total_tokens += int(table["tokens"].to_numpy().sum())
                tokens.write(table)
            characters += sum(len(document.text) for document in batch)
        if skipped and not skip_bad:
            raise _refusal(path, tuple(skipped))
        if seen != [digest]:
            raise CorpusError(f"{path} changed while it was being read. Run again when nothing writes to it.")
        if not documents.rows:
            raise CorpusError(f"{path} has no document{_why(skipped)}. Leave it out of --corpus.")
        documents.note(documents=documents.rows, characters=characters, skipped=[one.model_dump() for one in skipped])
        if tokens is not None:
            tokens.note(tokens=total_tokens)


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
