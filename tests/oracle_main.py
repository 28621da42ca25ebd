"""The oracle on the command line: phrases and a training run in, one JSON line out for each phrase it showed.

    python tests/oracle_main.py --shard a.jsonl.zst --shard b.jsonl.zst --tokenizer tokenizer.json \
        --packing concatenate --length 2049 --batch-sequences 1024 --phrases phrases.jsonl -o result.jsonl

A position is [batch, sequence, token, character offset in the row text, document id], all 0-based.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from oracles import Corpus, Exposure, Finder, Phrase, Row, Rule, Vocabulary, exposures, rows, slots


def parser() -> argparse.ArgumentParser:
    """Every option of the oracle."""
    options = argparse.ArgumentParser(description="A slow, independent oracle of when a training run showed phrases.")
    add = options.add_argument
    add("--shard", action="append", type=Path, required=True, help="jsonl, .gz, .zst or parquet; repeat, in order")
    add("--tokenizer", type=Path, help="tokenizer.json of a byte-level BPE; none: a row is a document's whole text")
    add("--packing", choices=["document", "concatenate"], default="document")
    add("--length", type=int, help="tokens in a row")
    add("--end-of-document", default="<|endoftext|>", help="content of the token between concatenated documents")
    add("--batch-sequences", type=int, required=True, help="rows in a batch")
    add("--epochs", type=int, default=1)
    add("--shuffle-seed", type=int, help="none: every epoch in file order")
    add("--shuffle-from-epoch", type=int, default=0, help="earlier epochs stay in file order")
    add("--order", type=Path, help=".npy with the row of every slot of the run, instead of epochs and seed")
    add("--phrases", type=Path, required=True, help='JSON lines {"phrase", "gap", "sentence_end"}')
    add("--only-shard", type=int, help="count only what this shard (0-based) holds; positions are those of the run")
    add("--case", choices=["fold", "exact"], default="fold")
    add("--boundary", choices=["word", "none"], default="word")
    add("--whitespace", choices=["collapse", "verbatim"], default="collapse")
    add("-k", type=int, default=8, help="how many of the first exposures to list")
    add("-o", "--output", type=Path, required=True)
    return options


def read_phrases(path: Path) -> list[Phrase]:
    """The phrases of a JSONL file, each once, in file order. ValueError names the line that is wrong."""
    phrases: dict[Phrase, None] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            phrases[_phrase(json.loads(line))] = None
        except (ValueError, AttributeError) as error:
            raise ValueError(
                f'{path}, line {number}: {error}. Expected {{"phrase": "text", "gap": 0, "sentence_end": false}}.'
            ) from error
    return list(phrases)


def _phrase(record: Any) -> Phrase:
    text, gap, sentence_end = record.get("phrase"), record.get("gap") or 0, record.get("sentence_end") or False
    if not (isinstance(text, str) and isinstance(gap, int) and isinstance(sentence_end, bool)):
        raise ValueError("a member is missing or has the wrong type")
    return Phrase(text, gap, sentence_end)


def check(options: argparse.Namespace) -> None:
    """ValueError for options that contradict each other."""
    if options.order and (options.epochs != 1 or options.shuffle_seed is not None or options.shuffle_from_epoch):
        raise ValueError("--order already says the whole run. Leave out --epochs and the shuffle options.")
    if options.batch_sequences < 1 or options.epochs < 1 or options.k < 1:
        raise ValueError("--batch-sequences, --epochs and -k are expected to be 1 or more.")
    if options.only_shard is not None and not 0 <= options.only_shard < len(options.shard):
        raise ValueError(f"--only-shard {options.only_shard}: there are {len(options.shard)} shards, counted from 0.")


def read_order(path: Path) -> list[int]:
    """The row indices of a .npy file. ValueError unless it is one row of integers."""
    order = np.load(path, allow_pickle=False)
    if order.ndim != 1 or order.dtype.kind not in "iu":
        raise ValueError(f"{path} holds {order.dtype} of shape {order.shape}. Expected one dimension of integers.")
    return [int(index) for index in order]


def with_progress(all_rows: Iterator[Row], n_rows: int, started: float) -> Iterator[Row]:
    """The same rows; a line on standard error now and then."""
    for number, row in enumerate(all_rows):
        if number % 2000 == 0:
            sys.stderr.write(f"{time.monotonic() - started:7.1f} s  row {row.row_index} of {n_rows}\n")
        yield row


def as_json(phrase: Phrase, exposure: Exposure) -> dict[str, Any]:
    """One line of the result."""
    return {
        "phrase": phrase.text,
        "gap": phrase.gap,
        "sentence_end": phrase.sentence_end,
        "count": exposure.count,
        "first": exposure.first,
        "last": exposure.last,
        "first_k": exposure.first_k,
        "by_batch": dict(sorted(exposure.by_batch.items())),
    }


def run(options: argparse.Namespace) -> None:
    """Build the run, look for the phrases, write the result."""
    check(options)
    started = time.monotonic()
    vocabulary = Vocabulary(options.tokenizer) if options.tokenizer else None
    corpus = Corpus(options.shard, vocabulary, options.packing, options.length, options.end_of_document)
    order = read_order(options.order) if options.order else None
    held = slots(corpus.n_rows, options.epochs, options.shuffle_seed, options.shuffle_from_epoch, order)
    rule = Rule(options.case, options.boundary, options.whitespace)
    phrases = read_phrases(options.phrases)
    finder = Finder(phrases, rule, vocabulary.normalise if vocabulary else str)
    seen = with_progress(rows(corpus, options.only_shard), corpus.n_rows, started)
    result = exposures(seen, held, options.batch_sequences, finder, options.k, options.only_shard)
    with options.output.open("w", encoding="utf-8") as file:
        for phrase in [phrase for phrase in phrases if phrase in result]:
            file.write(json.dumps(as_json(phrase, result[phrase]), ensure_ascii=False) + "\n")
    sys.stderr.write(
        f"{time.monotonic() - started:7.1f} s  {len(result)} of {len(phrases)} phrases shown, "
        f"{sum(e.count for e in result.values())} exposures, {len(held)} slots, {corpus.n_rows} rows\n"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the oracle; 2 for a mistake in what was given."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
