"""Phrase lists of 1k, 10k, 100k and 1M distinct phrases of 2 to 6 words; each list is the beginning of the next.

First stand the critical phrases of the pairs, in shuffled order (of BLiMP there are about 39,000: all of 1k and 10k,
and a third of 100k). Then, in turn, a run of words as it stands somewhere in the corpus, and a run of words of one
document put into random order: such a run of two words may occur too, a longer one almost never. As BLiMP's do, each
run holds a content word, that is none of the COMMON most frequent: nobody looks for "of the", and hits in every line
would slow down the peers, whose loops pay for each. All phrases are folded, single spaces stand between the words, and
a letter is at either edge; so every matcher can be asked for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from random import Random

import pyarrow.parquet as pq

from benchmarks.corpus import Corpus, Recipe
from benchmarks.sources import FEWEST_WORDS, MOST_WORDS
from exposure.folding import fold

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1M": 1_000_000}
RUNS_A_DOCUMENT = 24
COMMON = 100
SAMPLE_DOCUMENTS = 2000
_RUN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*(?: [^\W\d_]+(?:'[^\W\d_]+)*)+")
"""Words of letters (and apostrophes within), with nothing but single spaces between them."""


def phrase_list(corpus: Corpus, name: str) -> list[str]:
    """The phrases of one list, in its order."""
    return list_path(corpus, name).read_text(encoding="utf-8").splitlines()


def list_path(corpus: Corpus, name: str) -> Path:
    """The file of one list, a phrase a line."""
    return corpus.folder / f"phrases-{name}.txt"


def write_phrase_lists(recipe: Recipe, corpus: Corpus, names: Iterable[str]) -> None:
    """Make the lists that are asked for and not there."""
    missing = [name for name in names if not list_path(corpus, name).exists()]
    if not missing:
        return
    phrases = list(islice(_distinct(recipe, corpus), max(SIZES[name] for name in missing)))
    for name in missing:
        partial = list_path(corpus, name).with_suffix(".partial")
        partial.write_text("".join(f"{one}\n" for one in phrases[: SIZES[name]]), encoding="utf-8")
        partial.rename(list_path(corpus, name))


def _distinct(recipe: Recipe, corpus: Corpus) -> Iterator[str]:
    rng = Random(f"{recipe.seed}/phrases")
    critical = recipe.source.phrases
    seen: set[str] = set()
    for phrase in chain(rng.sample(critical, len(critical)), _runs_of_words(corpus, rng)):
        if phrase not in seen:
            seen.add(phrase)
            yield phrase


def _runs_of_words(corpus: Corpus, rng: Random) -> Iterator[str]:
    """Runs of the text and of shuffled text in turn, without end."""
    texts = pq.read_table(corpus.shard("parquet"), columns=["text"])["text"]
    common = _common_words(fold(text.as_py()) for text in texts[:SAMPLE_DOCUMENTS])
    while True:
        text = fold(texts[rng.randrange(len(texts))].as_py())
        runs = [run.split() for run in _RUN.findall(text)]
        shuffled = [word for run in runs for word in run]
        rng.shuffle(shuffled)
        for run in rng.choices(runs, [len(run) - 1 for run in runs], k=RUNS_A_DOCUMENT) if runs else ():
            for words in (_part(run, rng), _part(shuffled, rng)):
                if not common.issuperset(words):
                    yield " ".join(words)


def _common_words(texts: Iterator[str]) -> frozenset[str]:
    words: Counter[str] = Counter()
    for text in texts:
        words.update(text.split())
    return frozenset(word for word, _ in words.most_common(COMMON))


def _part(words: list[str], rng: Random) -> list[str]:
    length = rng.randint(FEWEST_WORDS, min(MOST_WORDS, len(words)))
    start = rng.randrange(len(words) - length + 1)
    return words[start : start + length]
