"""What a phrase is searched as: normalised as the run's text is, then folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from exposure.errors import PairsError
from exposure.folding import canonical
from exposure.phrases import MatchRule, Phrase

Normalise = Callable[[str], str]
"""A tokenizer's normaliser for phrases; `str` without one."""


def phrase_key(part: str, rule: MatchRule, normalise: Normalise) -> str:
    """The string to find for one part of a phrase; raises PairsError where the normaliser leaves nothing of it."""
    key = canonical(normalise(part), rule)
    if not key:
        raise PairsError(
            f"Nothing is left of {part!r} behind the normaliser of the tokenizer, so it cannot stand in any row. "
            "Leave the phrase out."
        )
    return key


def refuse_vanishing(phrases: Iterable[Phrase], rule: MatchRule, normalise: Normalise) -> None:
    """Raise PairsError at the first phrase that could not be searched, before anything is kept of the others."""
    for phrase in phrases:
        for part in phrase.parts:
            phrase_key(part, rule, normalise)
