"""Concept vectors as rows of the long table: each value, what it is under permuted labels, and p."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.measures.concepts.concept_vectors import ConceptLayer
from evaluator.measures.concepts.permutation_null import NulledValue, nulled
from evaluator.measures.concepts.rank_nulls import NulledRanks
from evaluator.measures.concepts.separation import Separation
from evaluator.split import VALIDATION
from exposure.measurement import Measurement

EVERYTHING = "everything"

Value = tuple[str, str, NulledValue, int]
"""Name of the measure, split, value, pairs."""


def concept_measurements(
    found: ConceptLayer, convention: str, *, step: int, uid: str, phenomenon: str | None, layer: int
) -> list[Measurement]:
    """Rows of one paradigm at one layer (0: embeddings) of one checkpoint.

    NAME is the value; NAME-null the mean under permuted labels (NAME-mismatch for ranks beside mismatched pairs), low
    and high its central 95 %; NAME-p one-tailed: for as high a value, for ranks for as low a one. concept-rank-all and
    concept-participation-all are of all pairs at once, without a null.
    """

    def row(measure: str, split: str, n: int, value: float | None, *interval: float | None) -> Measurement:
        low, high = interval or (None, None)
        return Measurement(
            measure, step, "paradigm", uid, phenomenon, split, layer, None, value, n, low, high, convention
        )

    def rows(name: str, split: str, value: NulledValue, n: int) -> Iterator[Measurement]:
        yield row(name, split, n, value.value)
        yield row(f"{name}-null", split, n, value.null_mean, value.null_low, value.null_high)
        yield row(f"{name}-p", split, n, value.p_low if "rank" in name or "participation" in name else value.p_high)

    nulled = [one for value in _values(found) for one in rows(*value)]
    return [*nulled, *(row(name, EVERYTHING, n, value) for name, value, n in _of_all_pairs(found))]


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
