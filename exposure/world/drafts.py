"""The words of the minimal pairs, one function a paradigm: (rng, n, used) -> n drafts.

`used` are the combinations of the paradigms before, which the new pairs leave alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random
from typing import TypeVar

from exposure.world import lexicon as lx
from exposure.world.grammar import Combination, thing

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Draft:
    """A pair before it has a name: `frame` holds {} where the words of each side go."""

    frame: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    used: tuple[Combination, ...] = ()


def determiner_noun(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[Draft]:
    """Demonstrative and noun; the noun's number changes."""
    for demonstrative, noun in rng.sample([(d, t) for d in lx.DEMONSTRATIVES for t in _nouns(n)], n):
        yield _demonstrated(rng, (demonstrative,), noun)


def determiner_adjective_noun(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[Draft]:
    """The same with an adjective between them."""
    triples = [(d, a, t) for d in lx.DEMONSTRATIVES for a in lx.ADJECTIVES for t in _nouns(n)]
    for demonstrative, adjective, noun in rng.sample(triples, n):
        yield _demonstrated(rng, (demonstrative, adjective), noun)


def _nouns(n: int) -> tuple[str, ...]:
    """Things, and people beside them where n pairs are more than demonstratives with things."""
    return lx.THINGS if n <= len(lx.DEMONSTRATIVES) * len(lx.THINGS) else lx.THINGS + lx.PEOPLE


def _demonstrated(rng: Random, before: tuple[str, ...], noun: str) -> Draft:
    forms = (noun, lx.plural(noun))
    good, bad = reversed(forms) if before[0] in lx.PLURAL_DEMONSTRATIVES else forms
    frame = f"{rng.choice(lx.NAMES)} {rng.choice(lx.TRANSITIVE).past} {{}}."
    return Draft(frame, (*before, good), (*before, bad))


def subject_verb(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[Draft]:
    """Half with a main verb, half with a negated auxiliary, as in BLiMP."""
    left = {noun: list(lx.TRANSITIVE) for noun in lx.PEOPLE}
    auxiliaries = {noun: list(lx.NEGATED_AUXILIARIES) for noun in lx.PEOPLE}
    for noun in _heads(rng, n - n // 2):
        verb = _draw(rng, left[noun])
        yield _agreement(f"The {{}} {thing(rng)}.", _head(rng, noun), (verb.third, verb.base), (noun, verb.base))
    for noun in _heads(rng, n // 2):
        pair = _draw(rng, auxiliaries[noun])
        rest = f"{lx.auxiliary_complement(pair[0], rng.choice(lx.TRANSITIVE))} {thing(rng)}"
        yield _agreement(f"The {{}} {rest}.", _head(rng, noun), pair, (noun, pair[0]))


def _heads(rng: Random, n: int) -> list[str]:
    """n nouns, each as often as the others or once more, so that each keeps verbs for the background."""
    return _repeated(rng.sample(lx.PEOPLE, len(lx.PEOPLE)), n)


def _repeated(words: list[str], n: int) -> list[str]:
    """`words` over and over, until there are n."""
    return list(islice(cycle(words), n))


def _draw(rng: Random, left: list[_T]) -> _T:
    """Take one at random out of `left`."""
    return left.pop(rng.randrange(len(left)))


def _head(rng: Random, noun: str) -> str:
    return rng.choice((noun, lx.plural(noun)))


def _agreement(frame: str, head: str, forms: tuple[str, str], used: Combination) -> Draft:
    good, bad = (forms[1], forms[0]) if head.endswith("s") else forms
    return Draft(frame, (head, good), (head, bad), (used,))


def irregular_participle(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[Draft]:
    """The past or, bad, the participle right after a name."""
    left = {name: list(lx.IRREGULAR) for name in lx.NAMES}
    for name in _repeated(rng.sample(lx.NAMES, min(n, len(lx.NAMES))), n):
        verb = _draw(rng, left[name])
        yield Draft(f"{{}} {thing(rng)}.", (name, verb.past), (name, verb.participle), ((name, verb.base),))


def anaphor_gender(rng: Random, n: int, _: frozenset[Combination]) -> Iterator[Draft]:
    """A name and a reflexive of its gender or, bad, the other."""
    for name in rng.sample(lx.NAMES, n):
        verb, good = rng.choice(lx.REFLEXIVE), lx.reflexive(name)
        bad = "himself" if good == "herself" else "herself"
        yield Draft("{}.", (name, verb, good), (name, verb, bad), ((name, "self"),))


def intransitive(rng: Random, n: int, used: frozenset[Combination]) -> Iterator[Draft]:
    """The bad side's verb wants an object that is not there."""
    wanting = {noun: [v for v in lx.TRANSITIVE if (noun, v.base) not in used] for noun in lx.PEOPLE}
    content = {noun: list(lx.INTRANSITIVE) for noun in lx.PEOPLE}
    for noun in _heads(rng, n):
        good, bad, head = _draw(rng, content[noun]), _draw(rng, wanting[noun]), _head(rng, noun)
        yield Draft("The {}.", (head, good), (head, bad.past), ((noun, good), (noun, bad.base)))
