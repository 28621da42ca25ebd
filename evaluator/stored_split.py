"""The split of an evaluation's pairs, from the exposures that are stored with it."""

from __future__ import annotations

from evaluator.exposures import StoredExposures
from evaluator.scored import PairTable
from evaluator.split import Split
from exposure.splits import SplitRequest, split_pairs


def stored_split(exposures: StoredExposures, pairs: PairTable, request: SplitRequest) -> Split:
    """The part of each of `pairs`; those that no rule gave a phrase, not even an empty one, have none."""
    answers = split_pairs(exposures, exposures.critical, request) if exposures.critical else []
    found = {(one.uid, one.pair_id): str(one.split) for one in answers}
    return Split(tuple(found.get(name, "no_phrase") for name in zip(pairs.uid, pairs.pair_id, strict=True)))
