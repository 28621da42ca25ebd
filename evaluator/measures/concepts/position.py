"""The names of the tokens at which a hidden state of a sentence can be read."""

from __future__ import annotations

from typing import Literal

Position = Literal["last-word", "last-token", "critical"]
"""`last-word`: the last token of the last word, punctuation aside. `last-token`: of the sentence ("." as a rule).
`critical`: the last token of the critical word."""
