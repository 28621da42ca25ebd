"""Reflexive pronouns."""

from __future__ import annotations

REFLEXIVES = frozenset(("himself", "herself", "itself", "themselves"))
