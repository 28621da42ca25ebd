"""Background text: sentences whose agreement is always right and that never hold a critical phrase.

No background sentence has a demonstrative, and no head is directly followed by a verb (in any form) or auxiliary with
which a pair uses it. The same heads and the same verbs do occur, in other company: that is what a model can generalise
from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from exposure.world import lexicon as lx

Combination = tuple[str, str]
"""(head, verb): a name or a singular noun; a verb's base form, an intransitive past, a singular auxiliary or "self"."""


@dataclass(frozen=True)
class Background:
    """What each head may be followed by: everything in the lexicon less what the pairs use."""

    transitive: Mapping[str, tuple[lx.Verb, ...]]
    irregular: Mapping[str, tuple[lx.Verb, ...]]
    intransitive: Mapping[str, tuple[str, ...]]
    auxiliaries: Mapping[str, tuple[tuple[str, str], ...]]
    reflexive_names: tuple[str, ...]

    @classmethod
    def avoiding(cls, used: frozenset[Combination]) -> Background:
        """The background of a world whose pairs use the combinations `used`."""
        return cls(
            {n: tuple(v for v in lx.TRANSITIVE if (n, v.base) not in used) for n in lx.PEOPLE},
            {n: tuple(v for v in lx.IRREGULAR if (n, v.base) not in used) for n in lx.NAMES},
            {n: tuple(v for v in lx.INTRANSITIVE if (n, v) not in used) for n in lx.PEOPLE},
            {n: tuple(a for a in lx.NEGATED_AUXILIARIES if (n, a[0]) not in used) for n in lx.PEOPLE},
            tuple(n for n in lx.NAMES if (n, "self") not in used),
        )

    def sentence(self, rng: Random) -> str:
        """One sentence (or two that belong together) with its closing punctuation."""
        kind: Callable[[Background, Random], str] = rng.choices(_KINDS, cum_weights=_CUMULATIVE)[0]
        return kind(self, rng)


def thing(rng: Random) -> str:
    """A noun phrase of a thing: "a red kettle", "two kettles", "the kettles"."""
    noun = rng.choice(lx.THINGS)
    words = f"{rng.choice(lx.ADJECTIVES)} {noun}" if rng.random() < 0.4 else noun
    if rng.random() < 0.5:
        return lx.with_article(words) if rng.random() < 0.6 else f"the {words}"
    return f"{rng.choice(('two', 'three', 'some', 'the', 'many'))} {lx.plural(words)}"


def place(rng: Random) -> str:
    """A phrase of place: "near the harbour"."""
    return f"{rng.choice(('near', 'behind', 'beyond'))} the {rng.choice(lx.PLACES)}"


def _maybe_place(rng: Random) -> str:
    return f" {place(rng)}" if rng.random() < 0.4 else ""


def _people(rng: Random) -> tuple[str, str, bool]:
    """(noun, subject, is plural): ("sailor", "Every sailor", False)."""
    noun, many = rng.choice(lx.PEOPLE), rng.random() < 0.5
    determiner = rng.choice(("The", "Many", "Some", "Two") if many else ("The", "Every", "One", "Another"))
    return noun, f"{determiner} {lx.plural(noun) if many else noun}", many


def _name_acts(_: Background, rng: Random) -> str:
    return f"{rng.choice(lx.NAMES)} {rng.choice(lx.TRANSITIVE).past} {thing(rng)}{_maybe_place(rng)}."


def _name_owns(_: Background, rng: Random) -> str:
    name = rng.choice(lx.NAMES)
    return f"{name} {rng.choice(lx.TRANSITIVE).past} {lx.possessive(name)} {rng.choice(lx.THINGS)}{_maybe_place(rng)}."


def _name_and_pronoun(_: Background, rng: Random) -> str:
    name = rng.choice(lx.NAMES)
    pronoun = "She" if name in lx.WOMEN else "He"
    return f"{name} {rng.choice(lx.INTRANSITIVE)}. {pronoun} {rng.choice(lx.IRREGULAR).past} {thing(rng)}."


def _name_irregular(world: Background, rng: Random) -> str:
    name = rng.choice(lx.NAMES)
    return f"{name} {rng.choice(world.irregular[name]).past} {thing(rng)}{_maybe_place(rng)}."


def _name_has(_: Background, rng: Random) -> str:
    return f"{rng.choice(lx.NAMES)} has {rng.choice(lx.IRREGULAR).participle} {thing(rng)}."


def _passive(_: Background, rng: Random) -> str:
    noun, participle = rng.choice(lx.THINGS), rng.choice(lx.IRREGULAR).participle
    subject = f"The {noun} was" if rng.random() < 0.5 else f"The {lx.plural(noun)} were"
    return f"{subject} {participle} by {rng.choice(lx.NAMES)}."


def _people_act(world: Background, rng: Random) -> str:
    noun, subject, many = _people(rng)
    verb = rng.choice(world.transitive[noun])
    return f"{subject} {verb.base if many else verb.third} {thing(rng)}{_maybe_place(rng)}."


def _people_acted(world: Background, rng: Random) -> str:
    noun, subject, _ = _people(rng)
    return f"{subject} {rng.choice(world.transitive[noun]).past} {thing(rng)}."


def _people_negated(world: Background, rng: Random) -> str:
    noun, subject, many = _people(rng)
    auxiliary = rng.choice(world.auxiliaries[noun])[many]
    return f"{subject} {auxiliary} {lx.auxiliary_complement(auxiliary, rng.choice(lx.TRANSITIVE))} {thing(rng)}."


def _people_intransitive(world: Background, rng: Random) -> str:
    noun, subject, _ = _people(rng)
    return f"{subject} {rng.choice(world.intransitive[noun])}{_maybe_place(rng)}."


def _reflexive(world: Background, rng: Random) -> str:
    name = rng.choice(world.reflexive_names)
    return f"{name} {rng.choice(lx.REFLEXIVE)} {lx.reflexive(name)}{_maybe_place(rng)}."


def _there(_: Background, rng: Random) -> str:
    noun = rng.choice(lx.THINGS)
    what = f"is {lx.with_article(noun)}" if rng.random() < 0.5 else f"are two {lx.plural(noun)}"
    return f"There {what} in the {rng.choice(lx.PLACES)}."


def _saying(_: Background, rng: Random) -> str:
    opened, closed = rng.choice(('""', "“”"))
    return f"{opened}{rng.choice(lx.SAYINGS)},{closed} said {rng.choice(lx.NAMES)}."


def _foreign(_: Background, rng: Random) -> str:
    return rng.choice(lx.FOREIGN)


_WEIGHTED: tuple[tuple[Callable[[Background, Random], str], int], ...] = (
    (_name_acts, 12), (_name_owns, 12), (_name_and_pronoun, 8), (_name_irregular, 12), (_name_has, 8), (_passive, 6),
    (_people_act, 16), (_people_acted, 6), (_people_negated, 10), (_people_intransitive, 12), (_reflexive, 8),
    (_there, 6), (_saying, 5), (_foreign, 2),
)  # fmt: skip
_KINDS = tuple(kind for kind, _ in _WEIGHTED)
_CUMULATIVE = tuple(sum(weight for _, weight in _WEIGHTED[: i + 1]) for i in range(len(_WEIGHTED)))
