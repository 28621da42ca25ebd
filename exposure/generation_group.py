"""A phrase group on its way into a generation."""

from __future__ import annotations

from dataclasses import dataclass

from exposure.coverage import Coverage
from exposure.phrases import PhraseSet
from exposure.positions import Slots


@dataclass(frozen=True)
class GenerationGroup:
    """One phrase group on its way into a generation: `ids` are the generation's numbers of its phrases."""

    number: int
    fingerprint: str
    phrases: PhraseSet
    ids: Slots
    keys: tuple[str, ...]
    coverage: Coverage
