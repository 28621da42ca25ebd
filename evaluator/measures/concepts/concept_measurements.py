"""Concept vectors as rows of the long table: each value, what it is under permuted labels, and p."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.measures.concepts.concept_vectors import ConceptLayer
from evaluator.measures.concepts.permutation_null import NulledValue, nulled
from evaluator.measures.concepts.rank_nulls import NulledRanks
from evaluator.measures.concepts.separation import Separation
from evaluator.split import VALIDATION
from exposure.measurement import Measurement

EVERYTHING = "everything"
LOW_TAILED = ("concept-rank", "concept-participation", "concept-swap")
"""What is tested for as low a value; all else for as high a one."""

WITHOUT_P = ("concept-rank", "concept-participation")

Value = tuple[str, str, NulledValue, int]
"""Name of the measure, split, value, pairs."""


@dataclass(frozen=True, slots=True)
class ConceptGroup:
    """Of what rows are: one paradigm at one layer (0: embeddings) of one checkpoint."""

    step: int
    uid: str
    phenomenon: str | None
    layer: int
    convention: str

    def row(self, measure: str, split: str, value: float | None, n: int, *interval: float | None) -> Measurement:
        """One row, with low and high where they are given."""
        low, high = interval or (None, None)
        place = (self.step, "paradigm", self.uid, self.phenomenon, split, self.layer, None)
        return Measurement(measure, *place, value, n, low, high, self.convention)

    def rows(self, name: str, split: str, value: NulledValue, n: int) -> Iterator[Measurement]:
        """NAME is the value; NAME-null the mean of its null, low and high its central 95 %; NAME-p one-tailed.

        Of ranks beside permuted labels there is no p: labels turned round keep a common direction as variance, which
        centring takes from the real vectors, so a concept makes their rank the higher of the two.
        """
        yield self.row(name, split, value.value, n)
        yield self.row(f"{name}-null", split, value.null_mean, n, value.null_low, value.null_high)
        if name in WITHOUT_P:
            return
        yield self.row(f"{name}-p", split, value.p_low if name.startswith(LOW_TAILED) else value.p_high, n)


def concept_measurements(found: ConceptLayer, group: ConceptGroup) -> list[Measurement]:
    """Nulls are permuted labels, and mismatched pairs for NAME-mismatch of ranks.

    concept-rank-all and concept-participation-all are of all pairs at once, without a null.
    """
    beside_nulls = [row for value in _values(found) for row in group.rows(*value)]
    return [*beside_nulls, *(group.row(name, EVERYTHING, value, n) for name, value, n in _of_all_pairs(found))]


def swap_measurements(plain: Separation, disjoint: Separation, group: ConceptGroup) -> list[Measurement]:
    """Of the target's pairs: concept-swap by all of the source's pairs, -swap-disjoint by those with other lemmas."""
    both = {"concept-swap": plain, "concept-swap-disjoint": disjoint}
    values = (value for name, one in both.items() for value in _separation(name, EVERYTHING, one))
    return [row for value in values for row in group.rows(*value)]


def _values(found: ConceptLayer) -> Iterator[Value]:
    yield from _separation("concept", VALIDATION, found.validation)
    yield from _separation("concept-disjoint", VALIDATION, found.disjoint)
    if found.crossed is not None:
        yield from _separation("concept-crossed", VALIDATION, found.crossed)
    for split, probe in found.probe.items():
        yield from _separation("probe", split, probe)
        yield "probe-accuracy", split, probe.accuracy, 2 * probe.pairs
    for name, ranks in (("", found.label_ranks), ("-mismatch", found.mismatch_ranks)):
        yield from _ranks(name, ranks)


def _of_all_pairs(found: ConceptLayer) -> Iterator[tuple[str, float | None, int]]:
    if (ranks := found.all_ranks) is not None:
        yield "concept-rank-all", nulled(ranks.effective).value, ranks.pairs
        yield "concept-participation-all", nulled(ranks.participation).value, ranks.pairs


def _separation(name: str, split: str, found: Separation) -> Iterator[Value]:
    yield f"{name}-auroc", split, found.auroc, found.pairs
    yield f"{name}-paired", split, found.paired, found.pairs


def _ranks(suffix: str, found: NulledRanks | None) -> Iterator[Value]:
    if found is not None:
        yield f"concept-rank{suffix}", EVERYTHING, found.effective, found.pairs
        yield f"concept-participation{suffix}", EVERYTHING, found.participation, found.pairs
