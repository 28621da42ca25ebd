"""Pairs of the generated world with words named in them, as measures of pairs take them; and by hand, where each word
stands among the tokens of a byte-level tokenizer: by counting bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import tiny_models
from transformers import PreTrainedTokenizerFast

from evaluator.conventions import Prefix, ScoringSpec
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.scored import PairTable
from evaluator.split import TRAIN, VALIDATION, Split
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase, Phrase, Side

NO_WORDS = "regular_plural_subject_verb_agreement_1"
"""A paradigm whose words nobody names."""

OTHERS = ("anaphor_gender_agreement", "determiner_noun_agreement_1")


@dataclass(frozen=True)
class Words:
    """Which words of a sentence are critical and context, by their place in sentence.split()."""

    critical: int
    context: int


def few_pairs() -> tuple[MinimalPair, ...]:
    """Three paradigms of the world, mixed, and what is easily got wrong: 40 pairs in no order."""
    held = [one for one in tiny_models.pairs() if one.uid in (NO_WORDS, *OTHERS)]
    by_uid = {uid: [one for one in held if one.uid == uid][:10] for uid in (NO_WORDS, *OTHERS)}
    mixed = [one for several in zip(*by_uid.values(), strict=True) for one in several]
    corners = [one for one in tiny_models.pairs() if one.uid == "corner_cases"]
    shared = [
        MinimalPair("corner_cases", "shared-1", "The cats near the old green harbour sleep.", "The cats sleep."),
        MinimalPair("corner_cases", "shared-2", "The cats sleep.", "The cats near the old green harbour sleep."),
        MinimalPair("corner_cases", "dots", "… !", "The cats sleep."),
    ]
    bare = MinimalPair("corner_cases", "bare", "", "", phrase_good="the cats")
    return (*mixed[:15], bare, *corners, *mixed[15:], *shared)


def words_of(pair: MinimalPair, number: int, side: Side) -> Words | None:
    """The last word and one of the first two, either of them critical; of every fifth pair none."""
    n_words = len((pair.sentence_good if side == "good" else pair.sentence_bad).split())
    if pair.uid == NO_WORDS or pair.pair_id == "dots" or number % 5 == 4 or n_words == 0:
        return None
    last, first = n_words - 1, min(number % 2, n_words - 1)
    return Words(last, first) if number % 3 else Words(first, last)


def measured_pairs(
    pairs: Sequence[MinimalPair], prefix: Prefix = "bos", lead_space: bool = False, split: Split | None = None
) -> MeasuredPairs:
    """With the words of `words_of`; two of three pairs are proxy-train unless `split` says otherwise."""
    table = PairTable(
        uid=tuple(one.uid for one in pairs),
        pair_id=tuple(one.pair_id for one in pairs),
        phenomenon=("",) * len(pairs),
        field=("",) * len(pairs),
        critical_lemma=tuple(f"l{number % 7}" for number in range(len(pairs))),
        context_lemma=tuple(f"c{number % 4}" for number in range(len(pairs))),
        flags=((),) * len(pairs),
        has_identical_sides=np.array([one.has_identical_sides for one in pairs]),
    )
    good, bad = (tuple(_named(pair, number, side) for number, pair in enumerate(pairs)) for side in ("good", "bad"))
    parts = tuple(TRAIN if number % 3 else VALIDATION for number in range(len(pairs)))
    spec = ScoringSpec("full", prefix, lead_space)
    return MeasuredPairs(tuple(pairs), good, bad, table, split or Split(parts), "split by hand", spec)


def _named(pair: MinimalPair, number: int, side: Side) -> CriticalPhrase:
    words = words_of(pair, number, side)
    if words is None:
        return CriticalPhrase(pair.uid, pair.pair_id, side, None, reason="nobody names them")
    sentence = pair.sentence_good if side == "good" else pair.sentence_bad
    critical, context = sentence.split()[words.critical], sentence.split()[words.context]
    return CriticalPhrase(
        pair.uid, pair.pair_id, side, Phrase(sentence), critical, context, words.critical, words.context
    )


@dataclass(frozen=True)
class CountedTokens:
    """A sentence as it is fed, and which bytes of it each token holds: every character of a token stands for one."""

    ids: list[int]
    n_before: int
    """Tokens before the sentence."""
    edges: list[int]
    """[token of the sentence + 1] Bytes of lead and sentence."""
    lead: str
    sentence: str

    @classmethod
    def of(cls, special: PreTrainedTokenizerFast, sentence: str, prefix: int | None, lead: str) -> CountedTokens:
        """`prefix` is the id before the sentence, if any."""
        ids = special.encode(lead + sentence, add_special_tokens=False)
        sizes = [len(token) for token in special.convert_ids_to_tokens(ids)]
        edges = np.concatenate([[0], np.cumsum(sizes)]).tolist()
        assert edges[-1] == len((lead + sentence).encode())
        before = [] if prefix is None else [prefix]
        return cls(before + ids, len(before), edges, lead, sentence)

    def tokens(self, word: int) -> list[int] | None:
        """Places of the tokens of that word of sentence.split(), punctuation around it aside; None where it has no
        letter."""
        start, end = [match.span() for match in re.finditer(r"\S+", self.sentence)][word]
        held = [place for place in range(start, end) if self.sentence[place].isalnum()]
        if not held:
            return None
        start, end = held[0], held[-1] + 1
        first, last = (len((self.lead + self.sentence[:place]).encode()) for place in (start, end))
        held = [n for n, (a, b) in enumerate(pairwise(self.edges)) if a < last and b > first]
        return [self.n_before + n for n in held]

    @property
    def last_word(self) -> list[int] | None:
        """Of the last word that has a letter."""
        found = [self.tokens(word) for word in range(len(self.sentence.split()))]
        return next((one for one in reversed(found) if one), None)
