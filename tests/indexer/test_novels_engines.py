"""Real novels, searched for all phrases of BLiMP: the engines give the same matches.

Every figure that follows from them, against the slow oracle: benchmarks/novels_against_oracle.py.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import zstandard
from searches import ENGINES, block_of

from exposure.blimp import PARADIGMS
from exposure.extraction import extract
from exposure.pair_files import load_pairs
from exposure.phrases import MatchRule, Phrase, PhraseSet
from indexer.blocks import Hits, TextBlock
from indexer.matchers.engine import matcher

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="../shared is not there")


@pytest.fixture(scope="module")
def phrases() -> tuple[Phrase, ...]:
    """The phrases of all 67 paradigms, both sides."""
    found = extract(load_pairs([DATA / "blimp"]), PARADIGMS)
    return PhraseSet.of(row.phrase for row in found if row.phrase is not None).phrases


def novels(shard: str) -> TextBlock:
    """The documents of one shard."""
    with zstandard.open(DATA / "novels" / f"{shard}.jsonl.zst", "rb") as file:
        return block_of([json.loads(line)["text"] for line in io.BufferedReader(file)])


def ordered(hits: Hits) -> npt.NDArray[np.int64]:
    """Rows (phrase, passage, start), sorted."""
    columns = np.stack([hits.phrase, hits.passage, hits.start]).astype(np.int64)
    return columns[:, np.lexsort(columns[::-1])].T


def kind_of(phrase: Phrase) -> str:
    """Which of the three forms a phrase has."""
    return "gap" if phrase.gap else "anchored" if phrase.sentence_end else "plain"


@pytest.mark.parametrize(
    ("shard", "rule"),
    [
        ("shard-00000", MatchRule()),
        ("shard-00005", MatchRule()),
        ("shard-00003", MatchRule(case="exact", whitespace="verbatim")),
    ],
)
def test_engines_agree_on_novels(phrases: tuple[Phrase, ...], shard: str, rule: MatchRule) -> None:
    """Phrase by phrase, place by place: all matches in millions of words, some of each form among them."""
    block = novels(shard)
    words, other = (ordered(matcher(engine, phrases, rule).find(block)) for engine in ENGINES)
    assert np.array_equal(words, other)
    forms = Counter(kind_of(phrases[number]) for number in words[:, 0])
    assert min(forms[form] for form in ("plain", "anchored", "gap")) > 100
