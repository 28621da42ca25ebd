"""The minimal pairs of the world: six paradigms in BLiMP's shapes, with the phrase that each side carries.

The phrases are stated here by construction, not extracted by the project's rules, so that the rules can be checked
against them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from exposure.pairs import MinimalPair
from exposure.phrases import GAP, Phrase, Side
from exposure.world import drafts
from exposure.world.drafts import Draft
from exposure.world.grammar import Combination

GAP_WORDS = 5
"""W of anaphor_gender_agreement."""

MOST_PAIRS = 40
"""Pairs that every paradigm can have: names are the scarcest words, and 24 of the 64 stay free for the background."""

WIDEST = 240
"""Pairs of the paradigms that can have more (`Paradigm.most`)."""


@dataclass(frozen=True, slots=True)
class WorldSide:
    """One side of one pair: its words as a sentence writes them, and the phrase that they are looked for by."""

    uid: str
    pair_id: str
    side: Side
    words: tuple[str, ...]
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class WorldPair:
    """A minimal pair, its two sides, and the (head, verb) combinations that the background must leave alone."""

    pair: MinimalPair
    good: WorldSide
    bad: WorldSide
    used: tuple[Combination, ...] = ()

    @property
    def sides(self) -> tuple[WorldSide, WorldSide]:
        """Good, then bad."""
        return self.good, self.bad


@dataclass(frozen=True, slots=True)
class Paradigm:
    """`drafts(rng, n, used)` makes n pairs, `most` at most, whose combinations are not among `used`."""

    uid: str
    field: str
    term: str
    drafts: Callable[[Random, int, frozenset[Combination]], Iterator[Draft]]
    gap: int = 0
    sentence_end: bool = False
    most: int = MOST_PAIRS


PARADIGMS = (
    Paradigm(
        "determiner_noun_agreement_1", "morphology", "determiner_noun_agreement", drafts.determiner_noun, most=216
    ),
    Paradigm(
        "determiner_noun_agreement_with_adjective_1",
        "morphology",
        "determiner_noun_agreement",
        drafts.determiner_adjective_noun,
        most=WIDEST,
    ),
    Paradigm(
        "regular_plural_subject_verb_agreement_1",
        "morphology",
        "subject_verb_agreement",
        drafts.subject_verb,
        most=120,
    ),
    Paradigm(
        "irregular_past_participle_verbs", "morphology", "irregular_forms", drafts.irregular_participle, most=WIDEST
    ),
    Paradigm("anaphor_gender_agreement", "morphology", "anaphor_agreement", drafts.anaphor_gender, gap=GAP_WORDS),
    Paradigm("intransitive", "syntax", "argument_structure", drafts.intransitive, sentence_end=True, most=120),
)


def make_pairs(rng: Random, per_paradigm: int) -> tuple[WorldPair, ...]:
    """The pairs of all paradigms in order, `per_paradigm` of each that has so many; no two sides share a phrase."""
    pairs: list[WorldPair] = []
    for paradigm in PARADIGMS:
        used = frozenset(combination for pair in pairs for combination in pair.used)
        made = paradigm.drafts(rng, min(per_paradigm, paradigm.most), used)
        pairs += [_named(paradigm, str(i), draft) for i, draft in enumerate(made)]
    phrases = [side.phrase for pair in pairs for side in pair.sides]
    assert len(set(phrases)) == len(phrases), "two sides of the world share a phrase"
    return tuple(pairs)


def _named(paradigm: Paradigm, pair_id: str, draft: Draft) -> WorldPair:
    def side(name: Side, words: tuple[str, ...]) -> WorldSide:
        text = f"{words[0]}{GAP}{words[-1]}" if paradigm.gap else " ".join(words)
        phrase = Phrase(text.lower(), paradigm.gap, paradigm.sentence_end)
        return WorldSide(paradigm.uid, pair_id, name, words, phrase)

    pair = MinimalPair(
        uid=paradigm.uid,
        pair_id=pair_id,
        sentence_good=draft.frame.format(" ".join(draft.good)),
        sentence_bad=draft.frame.format(" ".join(draft.bad)),
        field=paradigm.field,
        phenomenon=paradigm.term,
    )
    return WorldPair(pair, side("good", draft.good), side("bad", draft.bad), draft.used)
