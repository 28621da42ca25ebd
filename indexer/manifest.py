"""Making a run manifest: shards found, counted and digested, the order rebuilt, options held against each other."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from exposure.errors import CorpusError, UsageError
from exposure.order_rules import OrderFile, Sequential, Shuffled, order_digest, run_order
from exposure.orders import Checkpoints, DataOrder, Packing, Shard, TokenizerSpec
from exposure.positions import steps_of
from exposure.progress import Progress
from exposure.provenance import sha256_of_file, versions
from indexer.compiled.jit import refuse_without_compiler
from indexer.readers.text import Fields, format_of
from indexer.shard_counting import CensusInputs, count_shards
from indexer.tokens import TextTokenizer


@dataclass(frozen=True)
class RunOptions:
    """What `exposure run init` is told about a run."""

    corpus: tuple[str, ...]
    packing: Packing
    batch_sequences: int
    sequence_length: int | None = None
    tokenizer: Path | None = None
    end_of_document: str | None = None
    row_prefix: tuple[str, ...] = ()
    row_suffix: tuple[str, ...] = ()
    epochs: int | None = None
    shuffle_seed: int | None = None
    shuffle_from_epoch: int = 0
    order_file: Path | None = None
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    fields: Fields = field(default_factory=Fields)
    skip_bad: bool = False
    census: Path = Path("census")
    workers: int = 1


def make_manifest(options: RunOptions) -> DataOrder:
    """Take the census of every shard and return the manifest; errors name the shard and line, or options that clash."""
    refuse_without_compiler()
    _refuse_clashes(options)
    paths = shard_paths(options.corpus)
    tokenizer = TextTokenizer.load(options.tokenizer) if options.tokenizer else None
    spec = _tokenizer_spec(tokenizer, options) if tokenizer else None
    _room(spec, options)  # refused before anything is counted
    shards = _count(paths, tokenizer, spec, options)
    rows, tail = _rows(shards, _room(spec, options), options)
    order, slots, digest = _order(options, rows)
    steps = steps_of(slots, options.batch_sequences)
    _refuse_checkpoints_beyond(options.checkpoints, steps)
    return DataOrder(
        shards=shards,
        text_field=options.fields.text,
        id_field=options.fields.id,
        tokenizer=spec,
        packing=options.packing,
        sequence_length=options.sequence_length,
        batch_sequences=options.batch_sequences,
        epochs=options.epochs or 1,
        order=order,
        rows=rows,
        slots=slots,
        tail_tokens=tail,
        order_sha256=digest,
        exactness="exact" if tokenizer else "approximate",
        checkpoints=options.checkpoints,
        census=str(options.census.absolute()),
        provenance={"versions": versions()},
    )


def _refuse_clashes(options: RunOptions) -> None:
    if options.tokenizer is None:
        if options.packing == "concatenate":
            raise UsageError(
                "Packing `concatenate` cuts by tokens. Give --tokenizer FILE, or use --packing document-per-row."
            )
        for given, name in (
            (options.sequence_length, "--sequence-length"),
            (options.row_prefix, "--row-prefix"),
            (options.row_suffix, "--row-suffix"),
            (options.end_of_document, "--end-of-document"),
        ):
            if given:
                raise UsageError(f"{name} counts tokens. Give --tokenizer FILE with it, or leave it out.")
    elif options.sequence_length is None:
        raise UsageError("With --tokenizer a row is cut at --sequence-length tokens: give it.")
    if options.packing == "concatenate" and options.row_suffix:
        raise UsageError(
            "--row-suffix closes rows of one document; with `concatenate` documents end with --end-of-document."
        )
    if options.packing == "document-per-row" and options.end_of_document:
        raise UsageError(
            "--end-of-document joins documents in `concatenate`; a row of one document is closed by --row-suffix."
        )
    if options.shuffle_seed is not None and options.order_file:
        raise UsageError("--shuffle-seed and --order-file both say the order. Give one of them.")
    if options.order_file and options.epochs is not None:
        raise UsageError("An order file holds the whole run, all epochs in it. Leave --epochs out.")
    if options.shuffle_from_epoch and options.shuffle_seed is None:
        raise UsageError("--shuffle-from-epoch needs --shuffle-seed.")
    epochs = options.epochs or 1
    if options.shuffle_seed is not None and options.shuffle_from_epoch >= epochs:
        raise UsageError(
            f"--shuffle-from-epoch {options.shuffle_from_epoch} with --epochs {epochs}: no epoch is shuffled (they are "
            "numbered from 0). Leave --shuffle-seed out, or give more --epochs."
        )


def shard_paths(patterns: Sequence[str]) -> list[Path]:
    """The files of all patterns, sorted by path within each pattern, none twice."""
    paths: list[Path] = []
    for pattern in patterns:
        # Not Path.glob: it takes no absolute pattern.
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
        files = [Path(one) for one in found if Path(one).is_file()]
        if not files and Path(pattern).is_dir():
            raise CorpusError(f"--corpus {pattern!r} is a folder. Name its shards: '{pattern}/*.jsonl.zst', say.")
        if not files:
            raise CorpusError(
                f"No file matches --corpus {pattern!r}. Check the path; quote the pattern so that the shell leaves "
                "it alone."
            )
        paths += files
    resolved = [path.resolve() for path in paths]
    doubled = {path for path in resolved if resolved.count(path) > 1} if len(set(resolved)) < len(resolved) else set()
    if doubled:
        raise CorpusError(
            f"--corpus names {min(doubled)} more than once. Every shard stands once in the order; use --epochs to "
            "repeat."
        )
    for path in paths:
        format_of(path)
        _refuse_unnameable(path)
    return paths


def _refuse_unnameable(path: Path) -> None:
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"The name of {str(path)!r} is not UTF-8, so no manifest can hold it. Rename the file or its folder."
        ) from error


def _tokenizer_spec(tokenizer: TextTokenizer, options: RunOptions) -> TokenizerSpec:
    end = options.end_of_document
    if options.packing == "concatenate" and end is None:
        end = _likely_end_of_document(tokenizer)
    return TokenizerSpec(
        path=str(tokenizer.path.absolute()),
        sha256=tokenizer.sha256,
        end_of_document=end,
        end_of_document_id=None if end is None else tokenizer.special_id(end),
        row_prefix=options.row_prefix,
        row_prefix_ids=tuple(map(tokenizer.special_id, options.row_prefix)),
        row_suffix=options.row_suffix,
        row_suffix_ids=tuple(map(tokenizer.special_id, options.row_suffix)),
    )


def _likely_end_of_document(tokenizer: TextTokenizer) -> str:
    known = [
        name
        for name in ("<|endoftext|>", "</s>", "<|end_of_text|>")
        if tokenizer.tokenizer.token_to_id(name) is not None
    ]
    if len(known) != 1:
        raise UsageError(
            f"The tokenizer has {len(known)} of the usual end-of-document tokens ({', '.join(known) or 'none'}). "
            "Say which one the run used: --end-of-document TOKEN."
        )
    return known[0]


def _count(
    paths: list[Path], tokenizer: TextTokenizer | None, spec: TokenizerSpec | None, options: RunOptions
) -> tuple[Shard, ...]:
    row_tokens = _room(spec, options) if options.packing == "document-per-row" else None
    inputs = CensusInputs(options.fields, spec, row_tokens, options.census, options.skip_bad)
    total = sum(path.stat().st_size for path in paths)
    with Progress("census", total) as progress:
        return count_shards(inputs, tokenizer, [one.absolute() for one in paths], options.workers, progress.advance)


def _room(spec: TokenizerSpec | None, options: RunOptions) -> int | None:
    """Tokens of text in a row; None without a tokenizer."""
    if spec is None or options.sequence_length is None:
        return None
    room = options.sequence_length - len(spec.row_prefix) - len(spec.row_suffix)
    if room < 1:
        raise UsageError(
            f"--sequence-length {options.sequence_length} leaves no room for text beside the row's prefix and suffix."
        )
    return room


def _rows(shards: tuple[Shard, ...], room: int | None, options: RunOptions) -> tuple[int, int]:
    """(rows of the corpus, tokens after the last full row)."""
    documents = sum(shard.documents for shard in shards)
    if room is None or options.packing == "document-per-row":
        return documents, 0
    stream = sum((shard.tokens or 0) + shard.documents for shard in shards)
    if stream < room:
        raise UsageError(
            f"The corpus has {stream:,} tokens, fewer than one row of {room:,}. Use a smaller --sequence-length."
        )
    return divmod(stream, room)


def _order(options: RunOptions, rows: int) -> tuple[Sequential | Shuffled | OrderFile, int, str | None]:
    """(order, slots of the run, digest of the order where it is not simply sequential)."""
    epochs = options.epochs or 1
    if options.order_file is None and options.shuffle_seed is None:
        return Sequential(), rows * epochs, None
    order: Shuffled | OrderFile
    if options.order_file is not None:
        digest = sha256_of_file(options.order_file) if options.order_file.is_file() else ""
        order = OrderFile(path=str(options.order_file.absolute()), sha256=digest)
    else:
        order = Shuffled(seed=int(options.shuffle_seed or 0), from_epoch=options.shuffle_from_epoch)
    slots = run_order(order, rows, epochs)
    return order, len(slots), order_digest(np.asarray(slots))


def _refuse_checkpoints_beyond(checkpoints: Checkpoints, steps: int) -> None:
    beyond = [step for step in checkpoints.steps or () if step < 0 or step > steps]
    if beyond:
        raise UsageError(f"--checkpoints names step {beyond[0]}, but the run has steps 0 to {steps}.")
