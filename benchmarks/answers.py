"""What a side found: the count of every phrase of a list, and where each stands first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
NEVER = -1


@dataclass(frozen=True)
class Answer:
    """For each phrase of a list, in its order: `counts`; `documents` and `offsets` (characters) of its first match.

    Both are NEVER where the count is 0.
    """

    counts: Integers
    documents: Integers
    offsets: Integers

    @property
    def matches(self) -> int:
        """Matches of all phrases."""
        return int(self.counts.sum())

    @property
    def found(self) -> int:
        """Phrases with any match."""
        return int(np.count_nonzero(self.counts))

    def save(self, path: Path) -> None:
        """Write the columns to `path` (.npy)."""
        with path.open("wb") as file:
            np.save(file, np.stack([self.counts, self.documents, self.offsets]))

    @classmethod
    def load(cls, path: Path) -> Answer:
        """Read what `save` wrote."""
        return cls(*np.load(path))


class Findings:
    """Counts and first places as a plain loop keeps them: two lists and a dict, which cost Python the least."""

    def __init__(self, phrases: int) -> None:
        self.counts = [0] * phrases
        self.first: dict[int, tuple[int, int]] = {}

    def answer(self) -> Answer:
        """The same as arrays."""
        documents, offsets = np.full((2, len(self.counts)), NEVER, dtype=np.int64)
        for number, (document, offset) in self.first.items():
            documents[number], offsets[number] = document, offset
        return Answer(np.array(self.counts, dtype=np.int64), documents, offsets)


def characters_before(answer: Answer, texts: list[bytes]) -> Answer:
    """An answer whose offsets are bytes, with characters instead."""
    offsets = answer.offsets.copy()
    for number in np.flatnonzero(answer.documents != NEVER):
        offsets[number] = len(texts[answer.documents[number]][: offsets[number]].decode())
    return Answer(answer.counts, answer.documents, offsets)


def is_word_byte(text: bytes, place: int, step: int) -> bool:
    """Whether the UTF-8 character that begins at `place` (step 1) or ends there (step -1) is of a word."""
    byte = text[place]
    if byte < 0x80:
        return byte in WORD_BYTES
    if step > 0:
        character = text[place : place + 4].decode(errors="ignore")[:1]
    else:
        character = text[max(0, place - 3) : place + 1].decode(errors="ignore")[-1:]
    return character.isalnum()


def _word_bytes() -> Iterator[int]:
    return (byte for byte in range(0x80) if chr(byte).isalnum() or chr(byte) == "_")


WORD_BYTES = frozenset(_word_bytes())
