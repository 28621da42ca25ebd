"""What corpora and phrase lists are made of: real novels and BLiMP where they are, else generated text like them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import zstandard

from benchmarks.made_text import made_passages
from exposure.blimp import PARADIGMS
from exposure.extraction import extract
from exposure.pair_files import load_pairs
from exposure.pairs import MinimalPair
from exposure.world.paradigms import MOST_PAIRS, make_pairs

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
FEWEST_WORDS, MOST_WORDS = 2, 6
MADE_MEGABYTES = 64
"""So much generated text is unique; more is the same passages in another order, as it is with the novels."""


@dataclass(frozen=True)
class Source:
    """`passages` make documents, `sentences` are (good, bad) of each pair, `phrases` are their critical phrases."""

    name: str
    passages: tuple[str, ...] = field(repr=False)
    sentences: tuple[tuple[str, str], ...] = field(repr=False)
    phrases: tuple[str, ...] = field(repr=False)


@cache
def source(megabytes: int, seed: int, data: Path) -> Source:
    """Novels and BLiMP from `data` where both are there, else generated text for a corpus of `megabytes`."""
    if source_name(data) == "novels":
        pairs = load_pairs([data / "blimp"])
        return Source("novels", _novels(data / "novels"), _sentences(pairs), critical_phrases(pairs))
    pairs = [one.pair for one in make_pairs(Random(f"{seed}/pairs"), MOST_PAIRS)]
    passages = made_passages(min(megabytes, MADE_MEGABYTES) * 1_000_000, seed)
    return Source("made", passages, _sentences(pairs), critical_phrases(pairs))


def source_name(data: Path) -> str:
    """ "novels" where the real data are, else "made"."""
    return "novels" if (data / "novels").is_dir() and (data / "blimp").is_dir() else "made"


def critical_phrases(pairs: list[MinimalPair]) -> tuple[str, ...]:
    """The plain phrases of 2 to 6 words that the project's rules find in `pairs`; distinct, sorted.

    Gap patterns and phrases anchored at a sentence end are left out: no peer can look for them.
    """
    found = {row.phrase for row in extract(pairs, PARADIGMS) if row.phrase is not None}
    plain = (one.text for one in found if not one.gap and not one.sentence_end)
    return tuple(sorted(text for text in plain if FEWEST_WORDS <= len(text.split()) <= MOST_WORDS))


def _sentences(pairs: list[MinimalPair]) -> tuple[tuple[str, str], ...]:
    return tuple((pair.sentence_good, pair.sentence_bad) for pair in pairs)


def _novels(folder: Path) -> tuple[str, ...]:
    passages: list[str] = []
    for shard in sorted(folder.glob("*.jsonl.zst")):
        with zstandard.open(shard, "rt", encoding="utf-8") as lines:
            passages += (json.loads(line)["text"] for line in lines)
    return tuple(passages)
