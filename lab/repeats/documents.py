"""Documents of sentences and of random spans, some of which come back: nothing but what stood before tells how they go.

The first time, a span cannot be predicted. When it comes back, a model that finds where its last words stood before
knows the next one. Sentences between them are what a model learns without looking back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from exposure.world.grammar import Background
from lab.repeats.vocabulary import CHARACTERS, HEX, SEPARATE, words

SHORTEST, LONGEST = 8, 40
"""Tokens of a span, about."""

NEW, SPELT, HEXADECIMAL, MARKED = 0.4, 0.25, 0.25, 0.15
"""Shares: new spans among all spans; of the new ones such of random characters, of hexadecimal ones, and of words with
digits and marks among them. The others are words alone."""

_WORDS = words()
_MARKED_WORDS = 0.7
_SPELLABLE = frozenset(CHARACTERS)


@dataclass(frozen=True, slots=True)
class Recipe:
    """`tokens`: of a document, about; `spans`: the share of them that stands in spans, the rest being sentences."""

    tokens: int = 600
    spans: float = 0.6


def documents(seed: int, count: int, background: Background, recipe: Recipe) -> Iterator[str]:
    """The texts in order; each has its own random stream, so fewer documents are the first of more."""
    for index in range(count):
        yield _document(Random(f"{seed}/repeats/{index}"), background, recipe)


def _document(rng: Random, background: Background, recipe: Recipe) -> str:
    parts: list[str] = []
    seen: list[list[str]] = []
    left = float(recipe.tokens)
    in_spans, in_sentences = 0.0, 0.0
    while left > 0:
        if in_spans * (1 - recipe.spans) <= in_sentences * recipe.spans:
            span = _span(rng, seen)
            parts.append("".join(span))
            in_spans, left = in_spans + len(span), left - len(span)
        else:
            sentence = _sentence(rng, background)
            parts.append(f" {sentence}")
            size = len(sentence.split()) + 1
            in_sentences, left = in_sentences + size, left - size
    return "".join(parts)


def _span(rng: Random, seen: list[list[str]]) -> list[str]:
    """The pieces of a new span, which is added to `seen`, or of one that comes back, not always from its beginning."""
    if not seen or rng.random() < NEW:
        seen.append(_new_span(rng))
        return seen[-1]
    again = rng.choice(seen)
    return again[rng.randrange(max(1, len(again) - SHORTEST)) :] if rng.random() < 0.5 else again


def _new_span(rng: Random) -> list[str]:
    size, kind = rng.randint(SHORTEST, LONGEST), rng.random()
    if kind < SPELT:
        return [" ", *rng.choices(CHARACTERS[1:], k=size)]
    if kind < SPELT + HEXADECIMAL:
        return [" ", *rng.choices(HEX, k=size)]
    if kind < SPELT + HEXADECIMAL + MARKED:
        return [_word(rng) if rng.random() < _MARKED_WORDS else rng.choice(SEPARATE) for _ in range(size)]
    return [_word(rng) for _ in range(size)]


def _word(rng: Random) -> str:
    return f" {rng.choice(_WORDS)}"


def _sentence(rng: Random, background: Background) -> str:
    """A sentence that can be spelt: the background has some in other scripts."""
    while True:
        sentence = background.sentence(rng)
        if _SPELLABLE.issuperset(sentence):
            return sentence
