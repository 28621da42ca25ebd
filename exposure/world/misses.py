"""Near misses: text that looks like a critical phrase and must not count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from exposure.world import gaps
from exposure.world.carriers import carrier
from exposure.world.grammar import thing
from exposure.world.paradigms import WorldSide

SPLIT = "split_documents"
"""The one near miss that takes two documents: see `split`."""

Miss = Callable[[Random, WorldSide], str]


def _blank_line(rng: Random, side: WorldSide) -> str:
    return carrier(rng, side).around(side.words, rng.choice(("\n\n", "\n \n"))).text


def _hyphenated(rng: Random, side: WorldSide) -> str:
    return carrier(rng, side).around(side.words, "-").text


def _comma_between(rng: Random, side: WorldSide) -> str:
    return carrier(rng, side).around(side.words, ", ").text


def _longer_word(rng: Random, side: WorldSide) -> str:
    """these kettles → these kettlesmiths: the phrase is there as a substring only."""
    last = side.words[-1]
    longer = last + ("miths" if last.endswith("s") else "smith")
    return carrier(rng, side).around((*side.words[:-1], longer)).text


def _longer_first_word(rng: Random, side: WorldSide) -> str:
    first = f"{rng.choice(('sub', 'x_', '7'))}{side.words[0]}"
    return carrier(rng, side).around((first, *side.words[1:])).text


def _object_follows(rng: Random, side: WorldSide) -> str:
    """The anchor is missing: the verb has an object, or the sentence goes on."""
    after = f" {thing(rng)}" if side.side == "bad" else f" beside {thing(rng)}"
    return replace(carrier(rng, side), after=after).around(side.words).text


def _comma_follows(rng: Random, side: WorldSide) -> str:
    return replace(carrier(rng, side), after=", and nobody spoke").around(side.words).text


CONTIGUOUS_MISSES: dict[str, Miss] = {
    "blank_line": _blank_line,
    "hyphenated": _hyphenated,
    "comma_between": _comma_between,
    "longer_word": _longer_word,
    "longer_first_word": _longer_first_word,
}
ANCHOR_MISSES: dict[str, Miss] = {"object_follows": _object_follows, "comma_follows": _comma_follows}
GAP_MISSES: dict[str, Miss] = {
    "beyond": gaps.beyond,
    "sentence_end": gaps.across_sentence_end,
    "reversed": gaps.reversed_order,
    "blank_line": gaps.blank_line,
    "longer_word": gaps.longer_word,
}


def misses(side: WorldSide) -> dict[str, Miss]:
    """The near misses inside one document that suit `side`, by name."""
    if side.phrase.gap:
        return GAP_MISSES
    return CONTIGUOUS_MISSES | (ANCHOR_MISSES if side.phrase.sentence_end else {})


def split(rng: Random, side: WorldSide) -> tuple[str, str]:
    """The phrase cut in two: the end of one document and the beginning of the next."""
    if side.phrase.gap:
        return f"Later {side.words[0]} {side.words[1]}", f"{side.words[2]}, people said."
    frame = carrier(rng, side)
    return frame.before + side.words[0], " ".join(side.words[1:]) + frame.after + frame.end
