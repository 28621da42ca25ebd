"""Documents: background sentences around whatever the plan has put into the three slots of each."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from exposure.phrases import GAP
from exposure.world.carriers import Written
from exposure.world.grammar import Background
from exposure.world.misses import SPLIT, misses, split
from exposure.world.paradigms import WorldSide
from exposure.world.plants import CUT_WORDS, HEAD_WORDS, Plant, Slots
from exposure.world.writings import ways

Form = Literal["NFC", "NFD"]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A plant as it was written; `offset` is in characters of the document's NFC text, or None for a near miss."""

    side: WorldSide
    how: str
    offset: int | None
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One document as it is written to a shard (`text` in the form "NFC" or "NFD") and what was planted in it."""

    index: int
    text: str
    form: Form
    occurrences: tuple[Occurrence, ...]

    @property
    def id(self) -> str:
        """The document's id in the corpus, for people: positions are counted, not read from it."""
        return f"world-{self.index:06d}"


@dataclass
class _Draft:
    """A text that grows at its end; `words` are counted between white space."""

    rng: Random
    text: str = ""
    words: int = 0
    occurrences: list[Occurrence] = field(default_factory=list)

    def add(self, text: str) -> int:
        """Append after a space, a line break or a blank line; returns where `text` begins."""
        separator = self.rng.choices((" ", "\n", "\n\n"), (86, 7, 7))[0] if self.text else ""
        start = len(self.text) + len(separator)
        self.text += separator + text
        self.words += len(text.split())
        return start

    def plant(self, plant: Plant, written: Written, deep: bool = False) -> None:
        """Append a plant and note every match in it."""
        start = self.add(written.text)
        offsets: list[int | None] = [start + at for at in written.starts] if plant.counts else [None]
        self.occurrences += [Occurrence(plant.side, plant.how, offset, deep) for offset in offsets]


def documents(seed: int, slots: Slots, background: Background) -> Iterator[Document]:
    """All documents in order. Each has its own random stream; a phrase split over two is drawn once for both."""
    pending = None
    for index in range(slots.documents):
        rng = Random(f"{seed}/document/{index}")
        tail = slots.tails.get(index)
        halves = split(rng, tail.side) if tail else None
        yield _document(rng, index, slots, background, pending, halves[0] if halves else None)
        pending = halves[1] if halves else None


def _document(
    rng: Random, index: int, slots: Slots, background: Background, first: str | None, last: str | None
) -> Document:
    """`first` and `last` are the halves of split phrases that must begin and end the document."""
    draft = _Draft(rng)
    if head := slots.heads.get(index):
        _write_head(draft, head, first, background)
    if index not in slots.closed:
        _write_body(draft, slots.deeps.get(index), background)
    if last:
        draft.add(last)
        draft.occurrences.append(Occurrence(slots.tails[index].side, SPLIT, None))
    form = _form(rng, draft)
    assert unicodedata.is_normalized("NFC", draft.text), "offsets are counted in NFC text"
    return Document(index, unicodedata.normalize(form, draft.text), form, tuple(draft.occurrences))


def _form(rng: Random, draft: _Draft) -> Form:
    """One document in twelve is decomposed, and of those with an accent in a planted phrase two in five."""
    accented = any(not occurrence.side.phrase.text.replace(GAP, "").isascii() for occurrence in draft.occurrences)
    return "NFD" if rng.random() < (0.4 if accented else 1 / 12) else "NFC"


def _write_head(draft: _Draft, head: Plant, first: str | None, background: Background) -> None:
    """Now and then after a background sentence, where the first `HEAD_WORDS` words leave room for one."""
    if first is not None:
        draft.plant(head, Written(first, ()))
        return
    written = _write(draft.rng, head)
    assert len(written.text.split()) <= HEAD_WORDS, f"{head.how} of {head.side.phrase} is too long for a head"
    lead_in = background.sentence(draft.rng)
    if draft.rng.random() < 0.5 and _fits(lead_in, written.text):
        draft.add(lead_in)
    draft.plant(head, written)


def _fits(lead_in: str, text: str) -> bool:
    """Whether both stay within a head; a character beyond ASCII costs a token a byte, so few of them are let in."""
    costly = len(lead_in.encode()) - len(lead_in)
    return len(lead_in.split()) <= 8 and len((lead_in + " " + text).split()) <= HEAD_WORDS and costly <= 8


def _write_body(draft: _Draft, deep: Plant | None, background: Background) -> None:
    """Sentences to a random length; a deep plant comes after `CUT_WORDS` words and is followed by some more."""
    short = draft.rng.random() < 0.12
    goal = draft.words + (draft.rng.randint(4, 24) if short else draft.rng.randint(50, 190))
    _fill(draft, background, goal if deep is None else CUT_WORDS)
    if deep is not None:
        draft.plant(deep, _write(draft.rng, deep), deep=True)
        _fill(draft, background, max(goal, draft.words + 1))


def _fill(draft: _Draft, background: Background, words: int) -> None:
    while draft.words < words:
        draft.add(background.sentence(draft.rng))


def _write(rng: Random, plant: Plant) -> Written:
    if plant.counts:
        return ways(plant.side)[plant.how](rng, plant.side)
    return Written(misses(plant.side)[plant.how](rng, plant.side), ())
