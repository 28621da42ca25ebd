"""A long body of phrases that is not quite as it should be: `python -m service.phrase_reading` says why, or reads it.

It runs apart because that takes the interpreter for seconds. The question is {"phrases": …, "phrase_characters": …},
the limits; the body comes after it. The rows are the phrases, a hundred at a time; the end is {"at_step": …}.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exposure.answering_child import answer_question, sent_with_question
from service.bodies.phrase_body import read_whole
from service.bodies.phrase_limits import refuse_excess
from service.settings import Limits

PART = 100
"""Phrases of one row, so that each row is read in a moment."""


@dataclass(frozen=True)
class Part:
    """Some of the phrases."""

    phrases: list[str]


def answer(question: dict[str, Any], body: bytes) -> tuple[Iterator[Part], dict[str, Any]]:
    """The phrases of `body`; raises BodyError, InvalidRequestError, LimitError."""
    limits = Limits(**question)
    asked = read_whole(body, limits)
    refuse_excess(asked.phrases, limits)
    phrases = asked.phrases.to_pylist()
    return (Part(phrases[place : place + PART]) for place in range(0, len(phrases), PART)), {"at_step": asked.at_step}


if __name__ == "__main__":
    sys.exit(answer_question(lambda question: answer(question, sent_with_question())))
