"""The flags of a critical phrase: what a reader must know before counting its exposures."""

from __future__ import annotations

from typing import Final

DEGENERATE: Final = "degenerate"
"""Few types, or types so frequent (or so rare) that exposure hardly varies."""

BAD_GRAMMATICAL_ELSEWHERE: Final = "bad_grammatical_elsewhere"
"""The bad side's phrase also occurs in grammatical text, so exposure to it says nothing."""

SIDES_IDENTICAL: Final = "sides_identical"
"""Both sides have the same phrase: exposure cannot tell the good side from the bad one."""
