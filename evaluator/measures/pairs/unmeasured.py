"""Which paradigms a measure found nothing of, and why: one sentence a reason, as there may be many paradigms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.measures.pairs.pair_measure import PairFound

MOST_NAMED = 5


def unmeasured(found: Mapping[str, PairFound]) -> tuple[str, ...]:
    """Sentences, from what was found by paradigm: none where everything was measured."""
    without: dict[str, list[str]] = {}
    for uid, one in found.items():
        for reason in one.notes:
            without.setdefault(reason, []).append(uid)
    return tuple(f"Of {_named(uids)} there is {reason}." for reason, uids in without.items())


def _named(uids: Sequence[str]) -> str:
    more = len(uids) - MOST_NAMED
    return ", ".join(uids[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
