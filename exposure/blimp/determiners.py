"""Determiners, and the quantifiers that license noun ellipsis."""

from __future__ import annotations

DEMONSTRATIVES = frozenset({"this", "that", "these", "those"})

DETERMINERS = DEMONSTRATIVES | {
    "a", "an", "the", "some", "many", "most", "all", "every", "each", "no", "few", "several", "one",
}  # fmt: skip

ELLIPSIS_QUANTIFIERS = frozenset({
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "some", "many", "most", "few", "fewer", "several", "more", "lot",
})  # fmt: skip
"""Last words of the quantifiers that can stand without their noun: "three", "a few", "almost as many", "a lot"."""

QUANTIFIER_OPENINGS = (["at", "least", "as"], ["almost", "as"], ["as"], ["a"])
"""What may stand before those, the longest first: "at least as many", "almost as many", "as many", "a few"."""
