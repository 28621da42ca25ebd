"""Tokenising for the census: each document whole, as before, against by pieces; both sides, their ratio, and equality.

    python -m benchmarks.census [--data ../shared/data] [--megabytes M] [--repeat R]

Sides, all from documents in memory to the rows of a tokens sidecar: `whole` is encode_batch_fast for two megabytes of
documents at a time, then Python for every document (one core); `pieces` is the counter that `exposure run init` uses,
remembering nothing at first (one core, and two threads). Rates are megabytes of UTF-8 a second, medians of R rounds in
each of which every side runs once; a ratio is the median of the rounds' ratios. Every token of every document is held
against the tokenizer; exit status 1 when one differs. The last lines are all of `run init`: reading, counting, writing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import zstandard
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from benchmarks.made_text import made_passages
from benchmarks.sources import DATA
from exposure.tables import table
from exposure.token_block import TokenBlock
from indexer.counting import one_after_another
from indexer.manifest import RunOptions, make_manifest
from indexer.token_counters import TokenCounters
from indexer.tokens import TextTokenizer
from indexer.work_in_order import in_order

WHOLE_CHARACTERS = 1 << 21
PIECES_CHARACTERS = 1 << 20
MADE_MEGABYTES = 32
SHARDS = 8
THREADS = 2


def main() -> None:
    """Measure, compare, print."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    asked = _arguments()
    texts = list(_texts(asked.data, asked.megabytes * 1_000_000))
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = TextTokenizer.load(_tokenizer(asked.data, texts, Path(folder)))
        _warm(tokenizer, texts)
        rates, differing = _rounds(tokenizer, texts, asked.repeat)
        rates |= _whole_census(tokenizer, texts, Path(folder))
    base = rates["whole, 1 core"]
    rows = [
        {"side": side, "MB/s": f"{median(found):.1f}", "ratio": _ratio(found, base)} for side, found in rates.items()
    ]
    sys.stdout.write(table(rows, ("side", "MB/s", "ratio")))
    sys.stdout.write(f"{len(texts):,} documents, {_bytes(texts) / 1e6:.1f} MB, {differing} of them with other tokens\n")
    sys.exit(1 if differing else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--megabytes", type=int, default=1000, help="no more than so much of the novels")
    parser.add_argument("--repeat", type=int, default=3)
    return parser.parse_args()


def _ratio(found: list[float], base: list[float]) -> str:
    return f"{median(one / other for one, other in zip(found, base, strict=False)):.1f}"


def _texts(data: Path, most: int) -> Iterator[str]:
    """Documents of the novels, or generated ones, up to `most` bytes."""
    shards = sorted((data / "novels").glob("*.jsonl.zst"))
    if not shards:
        yield from made_passages(min(most, MADE_MEGABYTES * 1_000_000), seed=0)
    for shard in shards:
        with zstandard.open(shard, "rt", encoding="utf-8") as lines:
            for line in lines:
                text = str(json.loads(line)["text"])
                most -= len(text.encode())
                if most < 0:
                    return
                yield text


def _tokenizer(data: Path, texts: list[str], folder: Path) -> Path:
    """GPT-NeoX's tokenizer, or one of its kind that is trained on the documents."""
    path = data / "tokenizers" / "gpt-neox-20b.json"
    if path.exists():
        return path
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=16_000,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts[:2000], trainer)
    made.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def _warm(tokenizer: TextTokenizer, texts: list[str]) -> None:
    """Compile, and read what is read once."""
    for _ in _by_pieces(tokenizer, texts[:50], 1):
        pass
    _whole(tokenizer, texts[:50])


def _rounds(tokenizer: TextTokenizer, texts: list[str], repeat: int) -> tuple[dict[str, list[float]], int]:
    """(MB/s of each side in each round, documents that came out different)."""
    size = _bytes(texts) / 1e6
    rates: dict[str, list[float]] = {"whole, 1 core": [], "pieces, 1 core": [], f"pieces, {THREADS} threads": []}
    for _ in range(repeat):
        whole, seconds = _timed(lambda: [_whole(tokenizer, one) for one in _batches(texts, WHOLE_CHARACTERS)])
        rates["whole, 1 core"].append(size / seconds)
        for side, threads in (("pieces, 1 core", 1), (f"pieces, {THREADS} threads", THREADS)):
            pieces, seconds = _timed(lambda threads=threads: list(_by_pieces(tokenizer, texts, threads)))
            rates[side].append(size / seconds)
    return rates, _differing([column for one in whole for column in one], pieces)


def _timed(work: Callable[[], list[pa.Table]]) -> tuple[list[pa.Table], float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def _bytes(texts: list[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def _batches(texts: list[str], characters: int) -> Iterator[list[str]]:
    batch, size = [], 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _whole(tokenizer: TextTokenizer, batch: list[str]) -> list[pa.Array]:
    """The three columns of lengths of a batch, as lists: all that was done before there were pieces."""
    encoded = tokenizer.encode(batch)
    decoded = [tokenizer.decode(ids) for ids in encoded]
    lengths = [tokenizer.lengths(ids) for ids in encoded]
    rewritten = [
        content != tokenizer.normalise(text).encode() or not content.decode("utf-8")
        for content, text in zip(decoded, batch, strict=True)
    ]
    assert len(rewritten) == len(batch)
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in encoded])]).astype(np.int32)
    return [
        pa.ListArray.from_arrays(offsets, pa.array(np.concatenate(values)))
        for values in zip(*((one.size, one.continuing, one.lead) for one in lengths), strict=True)
    ]


def _by_pieces(tokenizer: TextTokenizer, texts: list[str], threads: int) -> Iterator[pa.Table]:
    """Rows of a tokens sidecar, by counters that remember nothing yet."""
    counters = TokenCounters(tokenizer)

    def count(batch: list[str]) -> pa.Table:
        with counters.one() as counter:
            return counter.block(*one_after_another([text.encode() for text in batch])).to_table()

    with in_order(count, _batches(texts, PIECES_CHARACTERS), threads) as tables:
        yield from tables


def _differing(whole: list[pa.Array], pieces: list[pa.Table]) -> int:
    """Documents whose tokens have other lengths; `whole` is three columns a batch."""
    block = TokenBlock.of_table(pa.concat_tables(pieces))
    differing = np.zeros(len(block), dtype=np.bool_)
    for place, column in enumerate(block.columns):
        lists = pa.concat_arrays(whole[place::3])
        counts = np.diff(np.asarray(lists.offsets))
        flat = np.asarray(lists.values)
        if not np.array_equal(counts, np.diff(block.offsets)):
            return int((counts != np.diff(block.offsets)).sum())
        documents = np.repeat(np.arange(len(block)), counts)
        differing[documents[flat != column]] = True
    return int(differing.sum())


def _whole_census(tokenizer: TextTokenizer, texts: list[str], folder: Path) -> dict[str, list[float]]:
    """MB/s of `run init` over eight shards, by one worker and by two, once each."""
    for number in range(SHARDS):
        lines = (json.dumps({"id": str(one), "text": text}) for one, text in enumerate(texts[number::SHARDS]))
        compressed = zstandard.ZstdCompressor(level=3).compress("\n".join(lines).encode())
        (folder / f"s{number}.jsonl.zst").write_bytes(compressed)
    rates = {}
    for workers in (1, 2):
        options = RunOptions(
            corpus=(str(folder / "*.zst"),),
            packing="concatenate",
            batch_sequences=16,
            sequence_length=2048,
            tokenizer=tokenizer.path,
            census=folder / f"census-{workers}",
            workers=workers,
        )
        began = time.perf_counter()
        make_manifest(options)
        rates[f"run init, {workers} worker{'s' * (workers > 1)}"] = [
            _bytes(texts) / 1e6 / (time.perf_counter() - began)
        ]
    return rates


if __name__ == "__main__":
    main()
