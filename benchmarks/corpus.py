"""The benchmark corpus: passages shuffled and joined to documents of about 4.6 KB, pairs' sentences spliced in.

A document is two passages; up to four sentences stand in it, each after a sentence end. Which sentence it is follows
Zipf's law over all of them in shuffled order, and nine in ten are the good side. When the passages run out, they are
shuffled anew. Every other document writes what is not ASCII as JSON escapes. The same settings give the same documents.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate, islice
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from benchmarks.sources import Source, source, source_name

VERSION = 1
"""Changes when the documents would, or the phrase lists made from them."""

WARM_DOCUMENTS = 256
"""The first documents are a shard of their own beside the corpus, on which a side is warmed up."""

ROW_GROUP = 1000
ZSTD_LEVEL = 3
MOST_SPLICED = 4


@dataclass(frozen=True)
class CorpusFacts:
    """What a corpus is: `sha256` of its uncompressed JSON lines; `text_bytes` of UTF-8 in its texts."""

    source: str
    seed: int
    version: int
    documents: int
    text_bytes: int
    sha256: str


@dataclass(frozen=True)
class Corpus:
    """A finished corpus in a folder: `kind` is "jsonl.zst" or "parquet"."""

    folder: Path
    facts: CorpusFacts

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """The corpus that is in `folder`."""
        return cls(folder, CorpusFacts(**json.loads((folder / "corpus.json").read_text(encoding="utf-8"))))

    def shard(self, kind: str) -> Path:
        """The one shard that is measured."""
        return self.folder / f"corpus.{kind}"

    def warm_shard(self, kind: str) -> Path:
        """The small shard before it."""
        return self.folder / f"warm.{kind}"


@dataclass(frozen=True)
class Recipe:
    """What a corpus is made of: at least `megabytes` of text from `data`, or generated, by `seed`."""

    megabytes: int
    seed: int
    data: Path

    @property
    def source(self) -> Source:
        """What its documents and phrases are made of; read or generated when it is first asked for."""
        return source(self.megabytes, self.seed, self.data)


def corpus(recipe: Recipe, work: Path) -> Corpus:
    """The corpus of a recipe, made in `work` where it is not there."""
    folder = work / f"{source_name(recipe.data)}-{recipe.megabytes}-{recipe.seed}-{VERSION}"
    if (folder / "corpus.json").exists():
        return Corpus.open(folder)
    source = recipe.source
    texts = _enough(documents(source, recipe.seed), recipe.megabytes * 1_000_000)
    warm = islice(documents(source, recipe.seed), WARM_DOCUMENTS)
    return write_corpus(folder, source.name, recipe.seed, warm, texts)


def write_corpus(folder: Path, name: str, seed: int, warm: Iterator[str], texts: Iterator[str]) -> Corpus:
    """A corpus of `texts` in a folder, which is there whole or not at all."""
    partial = folder.with_suffix(".partial")
    for old in (partial, folder):
        shutil.rmtree(old, ignore_errors=True)
    partial.mkdir(parents=True)
    _write_shard(partial, "warm", warm)
    facts = CorpusFacts(name, seed, VERSION, *_write_shard(partial, "corpus", texts))
    (partial / "corpus.json").write_text(json.dumps(asdict(facts), indent=1) + "\n", encoding="utf-8")
    partial.rename(folder)
    return Corpus.open(folder)


def _enough(texts: Iterator[str], least_bytes: int) -> Iterator[str]:
    size = 0
    while size < least_bytes:
        text = next(texts)
        size += len(text.encode())
        yield text


def _write_shard(folder: Path, stem: str, texts: Iterator[str]) -> tuple[int, int, str]:
    """(documents, bytes of their texts, sha256 of the JSON lines) of a shard written in both kinds."""
    digest, size, number = hashlib.sha256(), 0, 0
    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    packer = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    with (
        (folder / f"{stem}.jsonl.zst").open("wb") as file,
        packer.stream_writer(file) as lines,
        pq.ParquetWriter(folder / f"{stem}.parquet", schema, compression="zstd") as table,
    ):
        while group := list(islice(texts, ROW_GROUP)):
            names = [f"{stem}-{number + i:06d}" for i in range(len(group))]
            packed = "".join(map(_line, range(number, number + len(group)), names, group)).encode()
            digest.update(packed)
            lines.write(packed)
            table.write_table(pa.table([names, group], schema=schema))
            number += len(group)
            size += sum(len(text.encode()) for text in group)
    return number, size, digest.hexdigest()


def _line(number: int, name: str, text: str) -> str:
    return json.dumps({"id": name, "text": text}, ensure_ascii=number % 2 == 1) + "\n"


def documents(source: Source, seed: int) -> Iterator[str]:
    """Texts without end."""
    rng = Random(f"{seed}/corpus")
    sentences = rng.sample(source.sentences, len(source.sentences))
    ranks = list(accumulate(1 / (rank + 1) for rank in range(len(sentences))))
    while True:
        order = rng.sample(range(len(source.passages)), len(source.passages))
        for first, second in zip(order[::2], order[1::2], strict=False):
            text = f"{source.passages[first]}\n{source.passages[second]}"
            for _ in range(rng.randint(0, MOST_SPLICED)):
                good, bad = sentences[bisect_right(ranks, rng.random() * ranks[-1])]
                text = _spliced(text, good if rng.random() < 0.9 else bad, rng)
            yield text


def _spliced(text: str, sentence: str, rng: Random) -> str:
    """`sentence` after the first sentence end beyond a random place, else at the end."""
    place = text.find(". ", rng.randrange(len(text)))
    return f"{text} {sentence}" if place < 0 else f"{text[: place + 2]}{sentence} {text[place + 2 :]}"
