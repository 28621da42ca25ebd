"""Asking a timeline about the critical phrases of pairs. The one file of the evaluator that needs DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.exposures import ExposureSource, StoredExposures
from exposure.errors import EvaluationError
from exposure.phrase_facts import NOT_INDEXED
from exposure.phrases import CriticalPhrase
from exposure.timeline import Timeline


def look_up_exposures(timeline: Timeline, critical: Sequence[CriticalPhrase]) -> StoredExposures:
    """What `timeline` knows of every phrase; raises EvaluationError when it knows none of them."""
    held = [one.phrase for one in critical if one.phrase is not None]
    found = iter(timeline.facts_of(held))
    facts = tuple(NOT_INDEXED if one.phrase is None else next(found) for one in critical)
    if held and not any(one.is_indexed for one in facts):
        raise EvaluationError(
            f"{timeline.path} holds none of the {len(held):,} critical phrases of these pairs. Index them in it first."
        )
    source = ExposureSource(
        timeline=timeline.path.name,
        logical_digest=timeline.facts["logical_digest"],
        order_digest=timeline.facts["order_digest"],
        steps=timeline.steps,
        exactness=timeline.exactness,
    )
    return StoredExposures(source, tuple(critical), facts)
