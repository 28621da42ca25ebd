"""Documents in which random spans of characters come back: nothing but what stood before tells how they go.

The first time, a span cannot be predicted. When it comes back, a model that finds where its last characters stood
before knows the next one. In a refrain one span follows itself over and over. Mixed documents have new spans, more that
come back, and sentences, which are learnt without looking back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from exposure.world.grammar import Background
from lab.repeats.vocabulary import CHARACTERS, HEX

SHORTEST, LONGEST = 3, 24
"""Characters of a span."""

NEW, HEXADECIMAL = 0.2, 0.1
"""Shares: new spans among the spans of mixed documents; hexadecimal ones among new spans."""

_SPELLABLE = frozenset(CHARACTERS)


@dataclass(frozen=True, slots=True)
class Recipe:
    """`characters` of a document, or evenly from `shortest` on; `refrains`: their share among documents; `spans`: the
    share of the characters of mixed documents that stand in spans, the rest being sentences.
    """

    characters: int = 125
    shortest: int | None = None
    refrains: float = 0.5
    spans: float = 0.8


def documents(seed: int, count: int, background: Background, recipe: Recipe) -> Iterator[str]:
    """The texts in order; each has its own random stream, so fewer documents are the first of more."""
    for index in range(count):
        rng = Random(f"{seed}/repeats/{index}")
        is_refrain = rng.random() < recipe.refrains
        size = recipe.characters if recipe.shortest is None else rng.randint(recipe.shortest, recipe.characters)
        yield _refrain(rng, size) if is_refrain else _mixed(rng, background, recipe.spans, size)


def _refrain(rng: Random, characters: int) -> str:
    span = _new_span(rng)
    return (span * (characters // len(span) + 1))[:characters]


def _mixed(rng: Random, background: Background, spans: float, characters: int) -> str:
    text, in_spans = "", 0
    seen: list[str] = []
    while len(text) < characters:
        if in_spans <= spans * len(text) and spans:
            part = _span(rng, seen)
            in_spans += len(part)
        else:
            part = f" {_sentence(rng, background)} "
        text += part
    return text[:characters]


def _span(rng: Random, seen: list[str]) -> str:
    """A new span, which is added to `seen`, or one that comes back."""
    if seen and rng.random() >= NEW:
        return rng.choice(seen)
    seen.append(_new_span(rng))
    return seen[-1]


def _new_span(rng: Random) -> str:
    alphabet = HEX if rng.random() < HEXADECIMAL else CHARACTERS
    return "".join(rng.choices(alphabet, k=rng.randint(SHORTEST, LONGEST)))


def _sentence(rng: Random, background: Background) -> str:
    """A sentence that can be spelt: the background has some in other scripts."""
    while True:
        sentence = background.sentence(rng)
        if _SPELLABLE.issuperset(sentence):
            return sentence
