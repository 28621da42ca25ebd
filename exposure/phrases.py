"""What is looked for: phrases, and the rule by which they match.

A `Phrase` is one thing to search: plain words, words at a sentence end, or a gap pattern. A `CriticalPhrase` is one
side of one minimal pair: the phrase that carries its contrast, and which of its words are critical and context.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from exposure.errors import PairsError

GAP = " … "
"""Joins the earlier and the later word in the text of a gap pattern."""

SENTENCE_END = "sentence_end"
"""The one anchor there is, as files and answers name it."""

Side = Literal["good", "bad"]
PhraseClass = Literal["A", "B", "B$", "C", "D", "E"]


@dataclass(frozen=True, slots=True)
class MatchRule:
    """When a phrase counts as found. method.md of the project, "Matching, exactly"; docs/matching.md here."""

    case: Literal["fold", "exact"] = "fold"
    boundary: Literal["word", "none"] = "word"
    whitespace: Literal["collapse", "verbatim"] = "collapse"


def anchor_name(sentence_end: bool) -> str | None:
    """The anchor of a phrase as files and answers name it."""
    return SENTENCE_END if sentence_end else None


@dataclass(frozen=True, slots=True, order=True)
class Phrase:
    """One thing to search for.

    `gap` is 0 for contiguous words; W > 0 makes `text` a gap pattern "earlier … later" whose words lie 1 to W words
    apart inside one sentence. `sentence_end` demands that [.?!] or the end of the text follows.
    """

    text: str
    gap: int = 0
    sentence_end: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never match or never be stored."""
        if not self.text.strip():
            raise PairsError("A phrase is empty. Give at least one character that is not white space.")
        if self.gap and (self.text.count(GAP) != 1 or not all(part.strip() for part in self.text.split(GAP))):
            raise PairsError(
                f"The gap pattern {self.text!r} (W = {self.gap}) is not of the form 'earlier{GAP}later'. "
                "Write the two words with ' … ' (U+2026) between them."
            )
        if self.gap and self.sentence_end:
            raise PairsError(
                f"{self.text!r} is a gap pattern and wants a sentence end. A phrase can be one of the two."
            )

    @property
    def parts(self) -> tuple[str, ...]:
        """The contiguous strings to find: one, or (earlier, later) for a gap pattern."""
        return tuple(self.text.split(GAP)) if self.gap else (self.text,)


@dataclass(frozen=True, slots=True)
class CriticalPhrase:
    """The critical phrase of one side of one minimal pair; `phrase` is None where there is none, with a `reason`.

    Indices are 0-based positions in `sentence.split()`.
    """

    uid: str
    pair_id: str
    side: Side
    phrase: Phrase | None
    critical_word: str | None = None
    context_word: str | None = None
    critical_index: int | None = None
    context_index: int | None = None
    phrase_class: PhraseClass | None = None
    flags: tuple[str, ...] = ()
    reason: str | None = None
    phenomenon: str | None = None


@dataclass(frozen=True)
class PhraseSet:
    """Distinct phrases in sorted order; a phrase's number is its place in that order."""

    phrases: tuple[Phrase, ...] = field(repr=False)

    @classmethod
    def of(cls, phrases: Iterable[Phrase]) -> PhraseSet:
        """Sort and remove duplicates."""
        return cls(tuple(sorted(set(phrases))))

    def __len__(self) -> int:
        return len(self.phrases)

    def __iter__(self) -> Iterator[Phrase]:
        return iter(self.phrases)

    @property
    def fingerprint(self) -> str:
        """sha256 over the phrases, one JSON array a line: what names this set wherever it goes."""
        digest = hashlib.sha256()
        for phrase in self.phrases:
            digest.update(json.dumps([phrase.text, phrase.gap, phrase.sentence_end], ensure_ascii=False).encode())
            digest.update(b"\n")
        return digest.hexdigest()
