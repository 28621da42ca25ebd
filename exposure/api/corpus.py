"""What is read back from a corpus: the rows of a batch, and the text around an exposure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One training sequence: `sequence` is its place in the batch, `row` its number in the corpus.

    `text` is the row text: special tokens stand in it by their content.
    """

    step: int
    batch: int
    sequence: int
    row: int
    documents: tuple[str, ...]
    characters: int
    text: str
    exactness: str


@dataclass(frozen=True, slots=True)
class Context:
    """One exposure in its text: `before`, the match as it stands there, and `after`; all of one document."""

    phrase: str
    step: int
    batch: int
    sequence: int
    token: int | None
    document: str
    offset: int
    document_offset: int
    exact: bool
    before: str
    match: str
    after: str
    gap: int | None
    anchor: str | None
    exactness: str
