"""Sentences that carry a critical phrase: what may stand before and after its words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from exposure.world import lexicon as lx
from exposure.world.grammar import place, thing
from exposure.world.paradigms import WorldSide


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence or two; `starts` are the characters at which a match of the phrase begins, one entry for each match.

    Where `final`, the phrase counts only because the document ends after it.
    """

    text: str
    starts: tuple[int, ...]
    final: bool = False

    def then(self, other: Written) -> Written:
        """This text, a space, and `other`."""
        shift = len(self.text) + 1
        return Written(f"{self.text} {other.text}", self.starts + tuple(shift + start for start in other.starts))


@dataclass(frozen=True, slots=True)
class Carrier:
    """A sentence around a phrase: before + words + after + end."""

    before: str
    after: str
    end: str = "."

    def around(self, words: tuple[str, ...], separator: str = " ") -> Written:
        """The sentence that holds `words`."""
        return Written(f"{self.before}{separator.join(words)}{self.after}{self.end}", (len(self.before),))


def carrier(rng: Random, side: WorldSide) -> Carrier:
    """A sentence in which the contiguous words of `side` stand inside, or at the end where they are anchored there."""
    if side.phrase.sentence_end:
        return Carrier(rng.choice(("The ", "Later the ", f"{place(rng).capitalize()} the ")), "")
    if _has_determiner(side):
        return Carrier(f"{rng.choice(lx.NAMES)} {rng.choice(lx.TRANSITIVE).past} ", f" {place(rng)}")
    if side.words[0] in lx.NAMES:
        return Carrier(rng.choice(("", "Later ", "Yesterday ")), f" {thing(rng)}")
    return Carrier(rng.choice(("The ", "Today the ", "Here the ")), f" {_predicate(rng, side.words[1])}")


def can_open(side: WorldSide) -> bool:
    """Whether a sentence can begin with the words of `side`: a bare singular noun wants an article first."""
    return _has_determiner(side) or side.words[0] in lx.NAMES or side.words[0].endswith("s")


def opening(rng: Random, side: WorldSide) -> Carrier:
    """A sentence that begins with the words of `side`, which `can_open` one."""
    if _has_determiner(side):
        return Carrier("", f" {rng.choice(('stood', 'lay', 'shone'))} {place(rng)}")
    return replace(carrier(rng, side), before="")


def _has_determiner(side: WorldSide) -> bool:
    return side.words[0] in lx.DEMONSTRATIVES


def _predicate(rng: Random, verb: str) -> str:
    """What follows the changed verb of a subject-verb pair."""
    if "'" in verb:
        return f"{lx.auxiliary_complement(verb, rng.choice(lx.TRANSITIVE))} {thing(rng)}"
    return thing(rng)
