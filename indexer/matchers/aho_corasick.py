"""The engine on pyahocorasick: one automaton over all phrases, each hit held against the match rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import ahocorasick

from exposure.phrases import MatchRule, Phrase
from indexer.matchers.boundaries import demands_boundary, is_word
from indexer.matchers.flat import flatten
from indexer.matchers.gaps import Element, GapPattern, gap_matches
from indexer.matchers.phrase_keys import phrase_key

Match = tuple[int, int, int]
"""(phrase number, start, end): half-open characters of the passage."""

SENTENCE_END = ".?!"


@dataclass(slots=True)
class _Key:
    """Distinct words in the automaton, and whom they serve."""

    length: int
    bound_before: bool
    bound_after: bool
    plain: list[int] = field(default_factory=list)
    anchored: list[int] = field(default_factory=list)
    is_earlier: bool = False
    is_later: bool = False


class AhoCorasickMatcher:
    """Finds every phrase of a list in a passage; a phrase's number is its place in the list.

    `normalise` is the tokenizer's normaliser for phrases (identity without one).
    """

    def __init__(self, phrases: Iterable[Phrase], rule: MatchRule, normalise: Callable[[str], str] = str) -> None:
        self._rule = rule
        self._normalise = normalise
        self._numbers: dict[str, int] = {}
        self._keys: list[_Key] = []
        self._pairs: dict[tuple[int, int], list[GapPattern]] = defaultdict(list)
        for number, phrase in enumerate(phrases):
            self._add(number, phrase)
        self._widest = max((pattern.window for patterns in self._pairs.values() for pattern in patterns), default=0)
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for text, index in self._numbers.items():
            self._automaton.add_word(text, index)
        self._automaton.make_automaton()

    def find(self, passage: str) -> Iterator[Match]:
        """Every occurrence, overlapping ones too, in no particular order."""
        if not self._keys or not passage:
            return
        flat = flatten(passage, self._rule)
        earlier: list[Element] = []
        later: list[Element] = []
        for start, end, index in self._hits(flat.text):
            key = self._keys[index]
            for number in key.plain:
                yield number, flat.original(start), flat.original(end - 1) + 1
            if key.anchored and (end == len(flat.text) or flat.text[end] in SENTENCE_END):
                for number in key.anchored:
                    yield number, flat.original(start), flat.original(end - 1) + 1
            if key.is_earlier:
                earlier.append(Element(start, end, index))
            if key.is_later:
                later.append(Element(start, end, index))
        for number, start, end in gap_matches(flat, earlier, later, self._pairs, self._widest):
            yield number, flat.original(start), flat.original(end - 1) + 1

    def _hits(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(start, end, key) of every occurrence that stands at the boundaries its edges demand."""
        keys, length = self._keys, len(text)
        for last, index in self._automaton.iter(text):
            key = keys[index]
            end = last + 1
            start = end - key.length
            if key.bound_before and start and is_word(text[start - 1]):
                continue
            if key.bound_after and end < length and is_word(text[end]):
                continue
            yield start, end, index

    def _add(self, number: int, phrase: Phrase) -> None:
        indices = [self._key(part) for part in phrase.parts]
        if phrase.gap:
            earlier, later = indices
            self._keys[earlier].is_earlier = self._keys[later].is_later = True
            self._pairs[earlier, later].append(GapPattern(number, phrase.gap))
        elif phrase.sentence_end:
            self._keys[indices[0]].anchored.append(number)
        else:
            self._keys[indices[0]].plain.append(number)

    def _key(self, part: str) -> int:
        text = phrase_key(part, self._rule, self._normalise)
        if text not in self._numbers:
            by_word = self._rule.boundary == "word"
            self._numbers[text] = len(self._keys)
            self._keys.append(
                _Key(len(text), by_word and demands_boundary(text[0]), by_word and demands_boundary(text[-1]))
            )
        return self._numbers[text]
