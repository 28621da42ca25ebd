"""The word matcher: every phrase in a block of text, by compiled code, without the GIL."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np

from exposure.errors import CorpusError
from exposure.phrases import MatchRule, Phrase
from indexer.blocks import GAP, Hits, TextBlock
from indexer.compiled.arrays import KeyPlaces, Matches, Scratch
from indexer.compiled.characters import classes
from indexer.compiled.hashing import LONGEST
from indexer.compiled.key_search import WINDOW, search
from indexer.compiled.key_users import matches
from indexer.compiled.marked_text import Marker
from indexer.compiled.vectors import VECTOR
from indexer.matchers.phrase_keys import Normalise
from indexer.matchers.word_keys import WordKeys, word_keys

FIRST_ROOM = 1 << 14
MOST_BYTES = (1 << 32) - 1
"""Of a block: places of tokens are uint32."""


class WordMatcher:
    """Finds every phrase of a list in blocks of text; a phrase's number is its place in the list.

    Its boundaries are those of words (MatchRule.boundary "word"). Any number of threads may use one matcher.
    `normalise` is the tokenizer's normaliser for phrases.
    """

    def __init__(self, phrases: Iterable[Phrase], rule: MatchRule, normalise: Normalise = str) -> None:
        self._sought = word_keys(phrases, rule, normalise)
        self._rule = rule
        self._own = threading.local()

    def find(self, block: TextBlock) -> Hits:
        """Every match in a block."""
        memory = self._memory()
        sought, is_verbatim = self._sought, self._rule.whitespace == "verbatim"
        length = int(block.end[-1]) + len(GAP) if len(block) else 0
        if length > MOST_BYTES:
            raise CorpusError(
                f"A text of {length:,} bytes is longer than the {MOST_BYTES:,} that the engine `words` takes. Use "
                "the engine aho-corasick, or divide the document."
            )
        marked = memory.marker.mark(block.text, length)
        while True:
            found = search(marked, sought.table, memory.tokens, classes(), is_verbatim, memory.places)
            if found <= len(memory.places[0]):
                break
            memory.places = _places(2 * found)
        while True:
            count = matches(
                marked, memory.places, found, block.end, sought.users, sought.gaps, memory.gaps, classes(), is_verbatim,
                memory.hits,
            )  # fmt: skip
            if count <= len(memory.hits[0]):
                phrase, passage, start = memory.hits
                return Hits(phrase[:count].copy(), passage[:count].copy(), start[:count].copy())
            memory.hits = _hits(2 * count)

    def _memory(self) -> _Memory:
        if not hasattr(self._own, "memory"):
            self._own.memory = _Memory(self._sought, self._rule)
        return self._own.memory  # type: ignore[no-any-return]


class _Memory:
    """What one thread works in, from block to block."""

    def __init__(self, sought: WordKeys, rule: MatchRule) -> None:
        self.marker = Marker(rule)
        room = WINDOW * VECTOR + sought.table.longest + 32
        whole = np.zeros(int(LONGEST) + 16, dtype=np.uint8)
        self.tokens: Scratch = (
            np.zeros(room, dtype=np.uint32),
            np.zeros(room, dtype=np.uint64),
            np.zeros(room, dtype=np.uint32),
            np.zeros(room, dtype=np.uint64),
            np.zeros(room, dtype=np.uint32),
            np.zeros(room, dtype=np.int64),
            whole,
        )
        met = np.zeros(sought.gaps.earlier.max(initial=-1) + 2, dtype=np.int64)
        self.gaps = (met, whole, np.zeros(4, dtype=np.int64), np.zeros((3, len(met)), dtype=np.int64))
        self.places = _places(FIRST_ROOM)
        self.hits = _hits(FIRST_ROOM)


def _places(room: int) -> KeyPlaces:
    """Room for so many (key, start, end)."""
    return np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)


def _hits(room: int) -> Matches:
    """Room for so many (phrase, passage, start)."""
    return np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int64)
