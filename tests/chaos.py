"""A small corpus that is as nasty as text gets, and phrases to look for in it."""

from __future__ import annotations

import gzip
import json
import unicodedata
from functools import cache
from pathlib import Path
from random import Random

import oracles
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from exposure.phrases import Phrase, PhraseSet
from exposure.world.bpe import tokenizer_json

WORDS = (
    *("the", "The", "THE", "cat", "cats", "Cat's", "can", "can't", "can’t", "these", "this", "dog", "dogs", "sees"),
    *("naïve", "NAÏVE", "café", "Mr.", "Dr.", "e", "é", "ß", "ſ", "İ", "Σας", "a_b", "x1", "—", "herself"),
    *("漢字", "漢", "ねこ", "🐈", "👩\u200d🚀"),
)
BREAKS = (
    *(" ",) * 5,
    *("  ", "\n", " \n ", "\n\n", "\r\n", "\t", "\u00a0", "\u2028"),
    *(". ", "! ", "?\n", ".” ", "", "-", ", ", ".", "\u0301", "<|endoftext|>"),
)
DEFAULT = oracles.Rule()
ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


@cache
def tokenizer_text() -> str:
    """The generated world's tokenizer: byte-level, NFC first."""
    return tokenizer_json()


def write_tokenizer(folder: Path) -> Path:
    """The tokenizer in a folder."""
    path = folder / "tokenizer.json"
    path.write_text(tokenizer_text(), encoding="utf-8")
    return path


def text(rng: Random, words: int) -> str:
    """Random text; sometimes decomposed, so that the tokenizer's normaliser has something to do."""
    made = "".join(rng.choice(WORDS) + rng.choice(BREAKS) for _ in range(words))
    return unicodedata.normalize("NFD", made) if rng.random() < 0.2 else made


def write_shards(folder: Path, seed: int, sizes: tuple[int, ...] = (7, 1, 9, 6)) -> tuple[Path, ...]:
    """Shards of `sizes` documents, of all formats in turn; some documents are empty or long."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = Random(seed)
    shards = []
    for number, size in enumerate(sizes):
        records = [
            {"id": f"s{number}-d{i}", "text": text(rng, rng.choice((0, 1, 3, 8, 20, 20, 60)))} for i in range(size)
        ]
        shards.append(write_shard(folder / f"part-{number}{ENDINGS[number % len(ENDINGS)]}", records))
    return tuple(shards)


def write_shard(path: Path, records: list[dict[str, str]]) -> Path:
    """One shard in the format that its name ends with."""
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
    if path.name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(records), path, row_group_size=4)
    elif path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(lines, mtime=0))
    elif path.name.endswith(".zst"):
        path.write_bytes(zstandard.compress(lines))
    else:
        path.write_bytes(lines)
    return path


def phrases(seed: int, number: int = 60) -> PhraseSet:
    """Random phrases: words, fragments, words at a sentence end, gap patterns."""
    rng = Random(seed)
    made = set()
    while len(made) < number:
        words = [rng.choice(WORDS) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        kind = rng.random()
        if kind < 0.2:
            made.add(Phrase(f"{words[0]} … {rng.choice(WORDS)}", gap=rng.choice((1, 2, 5))))
        elif kind < 0.4:
            made.add(Phrase(" ".join(words), sentence_end=True))
        elif kind < 0.55:
            made.add(Phrase(words[0][: rng.choice((1, 2))]))
        else:
            made.add(Phrase(" ".join(words)))
    return PhraseSet.of(made)


def folded(phrases: PhraseSet, rule: oracles.Rule = DEFAULT) -> PhraseSet:
    """The phrases as a timeline with this rule keeps them, by the oracle's folding."""
    return PhraseSet.of(
        Phrase(" ".join(oracles.fold(one.text, rule).split()), one.gap, one.sentence_end) for one in phrases
    )
