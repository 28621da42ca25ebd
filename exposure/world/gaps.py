"""Ways of writing a gap pattern (name … reflexive) so that it counts, and so that it just does not.

The words of a gap side are (name, verb, reflexive). Whether words are counted as runs of letters or between white
space, every text here gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from exposure.world import lexicon as lx
from exposure.world.carriers import Written
from exposure.world.grammar import place
from exposure.world.paradigms import WorldSide

Way = Callable[[Random, WorldSide], Written]


def _lead_in(rng: Random) -> str:
    return rng.choice(("", "", "Later ", "At noon ", "In the end "))


def _sentence(rng: Random, text: str) -> Written:
    """`text` begins with the name."""
    lead_in = _lead_in(rng)
    return Written(lead_in + text, (len(lead_in),))


def _plain(rng: Random, side: WorldSide) -> Written:
    return _sentence(rng, f"{' '.join(side.words)} {place(rng)}.")


def _sentence_start(_: Random, side: WorldSide) -> Written:
    return Written(f"{' '.join(side.words)}.", (0,))


def _capitals(rng: Random, side: WorldSide) -> Written:
    return _sentence(rng, f"{' '.join(side.words).upper()}.")


def _punctuation(rng: Random, side: WorldSide) -> Written:
    name, verb, reflexive = side.words
    return _sentence(rng, f"{name}, late again, {verb} {reflexive}{rng.choice('!?;')} {place(rng)}.")


def _line_break(rng: Random, side: WorldSide) -> Written:
    return _sentence(rng, "\n".join(side.words) + ".")


def _double_space(rng: Random, side: WorldSide) -> Written:
    return _sentence(rng, "  ".join(side.words) + ".")


def _adjacent(rng: Random, side: WorldSide) -> Written:
    return _sentence(rng, f"{side.words[0]} {side.words[2]} opened the {rng.choice(lx.PLACES)}.")


def _farthest(rng: Random, side: WorldSide) -> Written:
    """Five words on: exactly W."""
    return _sentence(rng, f"{side.words[0]} watched the old {rng.choice(lx.PLACES)} {side.words[2]}.")


def _abbreviation(rng: Random, side: WorldSide) -> Written:
    """The full stop of a title ends no sentence."""
    return _sentence(rng, f"{side.words[0]} told {rng.choice(('Dr.', 'Mr.'))} Quill {side.words[2]}.")


def _possessive(rng: Random, side: WorldSide) -> Written:
    return _sentence(rng, f"{side.words[0]}'s cousin {side.words[1]} {side.words[2]}.")


def _twice(rng: Random, side: WorldSide) -> Written:
    """Two later words share the nearest earlier one: two matches at one place."""
    name, verb, reflexive = side.words
    return Written(f"{name} {verb} {reflexive} and {rng.choice(lx.REFLEXIVE)} {reflexive}.", (0, 0))


def _repeated_name(_: Random, side: WorldSide) -> Written:
    """The nearest earlier word is the second name."""
    name = side.words[0]
    return Written(f"{name}, {' '.join(side.words)}.", (len(name) + 2,))


GAP_WAYS: dict[str, Way] = {
    "plain": _plain,
    "sentence_start": _sentence_start,
    "capitals": _capitals,
    "punctuation": _punctuation,
    "line_break": _line_break,
    "double_space": _double_space,
    "adjacent": _adjacent,
    "farthest": _farthest,
    "abbreviation": _abbreviation,
    "possessive": _possessive,
    "twice": _twice,
    "repeated_name": _repeated_name,
}


def beyond(rng: Random, side: WorldSide) -> str:
    """Six words on: one more than W."""
    return f"{side.words[0]} watched the old stone {rng.choice(lx.PLACES)} {side.words[2]}."


def across_sentence_end(rng: Random, side: WorldSide) -> str:
    """Near enough, but in the next sentence."""
    name, _, reflexive = side.words
    return rng.choice((f"{name} waited. Nobody but {reflexive} spoke.", f"“Call {name}.” Perhaps {reflexive} knew."))


def reversed_order(_: Random, side: WorldSide) -> str:
    """The later word first."""
    return f"{side.words[2].capitalize()} is what they called {side.words[0]}."


def blank_line(rng: Random, side: WorldSide) -> str:
    """A paragraph ends between the two words."""
    name, verb, reflexive = side.words
    return f"{name} {verb}\n\n{reflexive} {place(rng)}."


def longer_word(rng: Random, side: WorldSide) -> str:
    """One of the two words is the beginning of a longer one."""
    name, verb, reflexive = side.words
    return rng.choice((f"{name}smith {verb} {reflexive}.", f"{name} {verb} {reflexive}smith."))
