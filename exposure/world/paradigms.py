"""The minimal pairs of the world: six paradigms in BLiMP's shapes, with the phrase that each side carries.

The phrases are stated here by construction, not extracted by the project's rules, so that the rules can be checked
against them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from exposure.pairs import MinimalPair
from exposure.phrases import GAP, Phrase, Side
from exposure.world import lexicon as lx
from exposure.world.grammar import Combination, thing

_T = TypeVar("_T")

GAP_WORDS = 5
"""W of anaphor_gender_agreement."""

MOST_PAIRS = 40
"""Pairs that a paradigm can have: names are the scarcest words, and 24 of the 64 stay free for the background."""


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
class _Draft:
    """A pair before it has a name: `frame` holds {} where the words of each side go."""

    frame: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    used: tuple[Combination, ...] = ()


@dataclass(frozen=True, slots=True)
class Paradigm:
    """`drafts(rng, n, used)` makes n pairs whose combinations are not among `used`."""

    uid: str
    field: str
    term: str
    drafts: Callable[[Random, int, frozenset[Combination]], Iterator[_Draft]]
    gap: int = 0
    sentence_end: bool = False


def _determiner_noun(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[_Draft]:
    for demonstrative, noun in rng.sample([(d, t) for d in lx.DEMONSTRATIVES for t in lx.THINGS], n):
        good, bad = _numbers(noun, demonstrative in lx.PLURAL_DEMONSTRATIVES)
        frame = f"{rng.choice(lx.NAMES)} {rng.choice(lx.TRANSITIVE).past} {{}}."
        yield _Draft(frame, (demonstrative, good), (demonstrative, bad))


def _determiner_adjective_noun(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[_Draft]:
    triples = [(d, a, t) for d in lx.DEMONSTRATIVES for a in lx.ADJECTIVES for t in lx.THINGS]
    for demonstrative, adjective, noun in rng.sample(triples, n):
        good, bad = _numbers(noun, demonstrative in lx.PLURAL_DEMONSTRATIVES)
        frame = f"{rng.choice(lx.NAMES)} {rng.choice(lx.TRANSITIVE).past} {{}}."
        yield _Draft(frame, (demonstrative, adjective, good), (demonstrative, adjective, bad))


def _numbers(noun: str, many: bool) -> tuple[str, str]:
    return (lx.plural(noun), noun) if many else (noun, lx.plural(noun))


def _subject_verb(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[_Draft]:
    """Half with a main verb, half with a negated auxiliary, as in BLiMP."""
    left = {noun: list(lx.TRANSITIVE) for noun in lx.PEOPLE}
    for noun in _heads(rng, n - n // 2):
        verb = _draw(rng, left[noun])
        yield _agreement(f"The {{}} {thing(rng)}.", _head(rng, noun), (verb.third, verb.base), (noun, verb.base))
    for noun in _heads(rng, n // 2):
        pair = rng.choice(lx.NEGATED_AUXILIARIES)
        rest = f"{lx.auxiliary_complement(pair[0], rng.choice(lx.TRANSITIVE))} {thing(rng)}"
        yield _agreement(f"The {{}} {rest}.", _head(rng, noun), pair, (noun, pair[0]))


def _heads(rng: Random, n: int) -> list[str]:
    """n nouns, none more than twice, so that each keeps verbs for the background."""
    return (rng.sample(lx.PEOPLE, len(lx.PEOPLE)) * 2)[:n]


def _draw(rng: Random, left: list[_T]) -> _T:
    """Take one at random out of `left`."""
    return left.pop(rng.randrange(len(left)))


def _head(rng: Random, noun: str) -> str:
    return rng.choice((noun, lx.plural(noun)))


def _agreement(frame: str, head: str, forms: tuple[str, str], used: Combination) -> _Draft:
    good, bad = (forms[1], forms[0]) if head.endswith("s") else forms
    return _Draft(frame, (head, good), (head, bad), (used,))


def _irregular_participle(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[_Draft]:
    for name in rng.sample(lx.NAMES, n):
        verb = rng.choice(lx.IRREGULAR)
        yield _Draft(f"{{}} {thing(rng)}.", (name, verb.past), (name, verb.participle), ((name, verb.base),))


def _anaphor_gender(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[_Draft]:
    for name in rng.sample(lx.NAMES, n):
        verb, good = rng.choice(lx.REFLEXIVE), lx.reflexive(name)
        bad = "himself" if good == "herself" else "herself"
        yield _Draft("{}.", (name, verb, good), (name, verb, bad), ((name, "self"),))


def _intransitive(rng: Random, n: int, used: frozenset[Combination]) -> Iterator[_Draft]:
    """The bad side's verb wants an object that is not there."""
    wanting = {noun: [v for v in lx.TRANSITIVE if (noun, v.base) not in used] for noun in lx.PEOPLE}
    content = {noun: list(lx.INTRANSITIVE) for noun in lx.PEOPLE}
    for noun in _heads(rng, n):
        good, bad, head = _draw(rng, content[noun]), _draw(rng, wanting[noun]), _head(rng, noun)
        yield _Draft("The {}.", (head, good), (head, bad.past), ((noun, good), (noun, bad.base)))


PARADIGMS = (
    Paradigm("determiner_noun_agreement_1", "morphology", "determiner_noun_agreement", _determiner_noun),
    Paradigm(
        "determiner_noun_agreement_with_adjective_1",
        "morphology",
        "determiner_noun_agreement",
        _determiner_adjective_noun,
    ),
    Paradigm("regular_plural_subject_verb_agreement_1", "morphology", "subject_verb_agreement", _subject_verb),
    Paradigm("irregular_past_participle_verbs", "morphology", "irregular_forms", _irregular_participle),
    Paradigm("anaphor_gender_agreement", "morphology", "anaphor_agreement", _anaphor_gender, gap=GAP_WORDS),
    Paradigm("intransitive", "syntax", "argument_structure", _intransitive, sentence_end=True),
)


def make_pairs(rng: Random, per_paradigm: int) -> tuple[WorldPair, ...]:
    """The pairs of all paradigms, `per_paradigm` of each, in order; no two sides share a phrase."""
    pairs: list[WorldPair] = []
    for paradigm in PARADIGMS:
        used = frozenset(combination for pair in pairs for combination in pair.used)
        drafts = paradigm.drafts(rng, per_paradigm, used)
        pairs += [_named(paradigm, str(i), draft) for i, draft in enumerate(drafts)]
    phrases = [side.phrase for pair in pairs for side in pair.sides]
    assert len(set(phrases)) == len(phrases), "two sides of the world share a phrase"
    return tuple(pairs)


def _named(paradigm: Paradigm, pair_id: str, draft: _Draft) -> WorldPair:
    def side(name: Side, words: tuple[str, ...]) -> WorldSide:
        text = f"{words[0]}{GAP}{words[-1]}" if paradigm.gap else " ".join(words)
        phrase = Phrase(text.lower(), paradigm.gap, paradigm.sentence_end)
        return WorldSide(paradigm.uid, pair_id, name, words, phrase)

    pair = MinimalPair(
        uid=paradigm.uid,
        pair_id=pair_id,
        sentence_good=_sentence(draft.frame, draft.good),
        sentence_bad=_sentence(draft.frame, draft.bad),
        field=paradigm.field,
        phenomenon=paradigm.term,
    )
    return WorldPair(pair, side("good", draft.good), side("bad", draft.bad), draft.used)


def _sentence(frame: str, words: tuple[str, ...]) -> str:
    return frame.format(" ".join(words))
