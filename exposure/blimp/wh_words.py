"""Question words and relative pronouns."""

from __future__ import annotations

WH_DETERMINERS = frozenset(("what", "which", "whose"))

RELATIVE_PRONOUNS = frozenset(("who", "that", "which"))
