"""Ways of writing a critical phrase into running text so that it counts.

A way is a function (rng, side) -> Written with the same name in the truth file's "how".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from exposure.world import lexicon as lx
from exposure.world.carriers import Written, can_open, carrier, opening
from exposure.world.gaps import GAP_WAYS
from exposure.world.paradigms import WorldSide

Way = Callable[[Random, WorldSide], Written]


def _plain(rng: Random, side: WorldSide) -> Written:
    return carrier(rng, side).around(side.words)


def _sentence_start(rng: Random, side: WorldSide) -> Written:
    return opening(rng, side).around((side.words[0].capitalize(), *side.words[1:]))


def _capitals(rng: Random, side: WorldSide) -> Written:
    return carrier(rng, side).around(tuple(word.upper() for word in side.words))


def _punctuation(rng: Random, side: WorldSide) -> Written:
    frame = carrier(rng, side)
    if side.phrase.sentence_end:
        return replace(frame, end=rng.choice(("!", "?", "..."))).around(side.words)
    mark = rng.choice((", it seems,", "; yes,", ": it seems", " (again)", "… yes,"))
    return replace(frame, after=mark + frame.after).around(side.words)


def _line_break(rng: Random, side: WorldSide) -> Written:
    return carrier(rng, side).around(side.words, rng.choice(("\n", " \n", "\n  ")))


def _double_space(rng: Random, side: WorldSide) -> Written:
    return carrier(rng, side).around(side.words, rng.choice(("  ", "   ", "\t")))


def _curly_apostrophe(rng: Random, side: WorldSide) -> Written:
    apostrophe = rng.choice("’ʼ")
    return carrier(rng, side).around(tuple(word.replace("'", apostrophe) for word in side.words))


def _emoji(rng: Random, side: WorldSide) -> Written:
    frame = carrier(rng, side)
    return replace(frame, after=rng.choice(lx.SMILES) + frame.after).around(side.words)


def _possessive(rng: Random, side: WorldSide) -> Written:
    frame, ending = carrier(rng, side), "'" if side.words[-1].endswith("s") else "'s"
    return replace(frame, after=f"{ending} lid{frame.after}").around(side.words)


def _twice(rng: Random, side: WorldSide) -> Written:
    return _plain(rng, side).then(_plain(rng, side))


def _end_of_text(rng: Random, side: WorldSide) -> Written:
    return replace(replace(carrier(rng, side), end="").around(side.words), final=True)


CONTIGUOUS_WAYS: dict[str, Way] = {
    "plain": _plain,
    "sentence_start": _sentence_start,
    "capitals": _capitals,
    "punctuation": _punctuation,
    "line_break": _line_break,
    "double_space": _double_space,
    "curly_apostrophe": _curly_apostrophe,
    "emoji": _emoji,
    "possessive": _possessive,
    "twice": _twice,
    "end_of_text": _end_of_text,
}


def ways(side: WorldSide) -> dict[str, Way]:
    """The ways of writing that suit `side`, by name; "plain" is always among them."""
    if side.phrase.gap:
        return GAP_WAYS
    suits = {
        "sentence_start": can_open(side),
        "curly_apostrophe": any("'" in word for word in side.words),
        "emoji": not side.phrase.sentence_end,
        "possessive": side.words[0] in lx.DEMONSTRATIVES,
        "end_of_text": side.phrase.sentence_end,
    }
    return {name: way for name, way in CONTIGUOUS_WAYS.items() if suits.get(name, True)}
