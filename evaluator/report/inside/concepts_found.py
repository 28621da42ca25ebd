"""What was found of concept vectors, paradigm by paradigm: separation and ranks by layer and checkpoint, with nulls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluator.delay_report import DelayReport
from evaluator.report.inside.measured_arrays import EVERYTHING, MeasuredArray, MeasuredRows
from evaluator.report.inside.spans import Span, span_of, t_after_of

AUROC = "concept-auroc"
PROBE = "probe-auroc"
VALIDATION = "proxy-validation"
SEPARATIONS = (AUROC, "concept-disjoint-auroc", "concept-crossed-auroc", PROBE)
PAIRED = ("concept-paired", "concept-disjoint-paired")
RANKS = ("concept-rank", "concept-participation", "concept-rank-mismatch", "concept-rank-all")
SWAPS = ("concept-swap-auroc", "concept-swap-disjoint-auroc")
SPLITS = {**dict.fromkeys((*SEPARATIONS, *PAIRED), VALIDATION), **dict.fromkeys((*RANKS, *SWAPS), EVERYTHING)}
"""Measure → the pairs that it is shown of, where pairs are split; a probe of all pairs where they are not."""

PREFERRED = "last-word"
"""The position that is shown, where several were measured: EXP's last content token."""


@dataclass(frozen=True, slots=True)
class Nulled:
    """One value beside what permuted labels (or mismatched pairs) make of it; None is not known."""

    value: float
    n: int | None
    null_mean: float | None
    null_low: float | None
    null_high: float | None
    p: float | None


@dataclass(frozen=True)
class NulledArrays:
    """One measure along [paradigm, checkpoint, layer], with its null and p."""

    value: MeasuredArray
    null: MeasuredArray | None
    p: MeasuredArray | None

    def at(self, uid: str, step: int, layer: int) -> Nulled | None:
        """None where it has no value."""
        value = self.value.at(uid, step, layer)
        if value is None or value.value is None:
            return None
        null = None if self.null is None else self.null.at(uid, step, layer)
        p = None if self.p is None else self.p.at(uid, step, layer)
        ends = (None, None, None) if null is None else (null.value, null.low, null.high)
        n = None if value.n is None else int(value.n)
        return Nulled(value.value, n, *ends, None if p is None else p.value)


@dataclass(frozen=True)
class ConceptsFound:
    """Layer 0 is that of the embeddings, the last is that of the model."""

    arrays: Mapping[str, NulledArrays]
    spans: Mapping[str, Span]
    """Paradigm → what is before and after."""
    convention: str
    other_conventions: tuple[str, ...]
    """Measured too, and not shown."""
    has_split: bool
    """Whether any direction of proxy-train was tested on proxy-validation."""

    @property
    def headline(self) -> str:
        """What stands first: EXP's AUROC; without a split that of a probe, which needs none."""
        return AUROC if self.has_split or PROBE not in self.arrays else PROBE

    def split_of(self, measure: str) -> str:
        """Of which pairs a measure is shown."""
        return EVERYTHING if measure == PROBE and not self.has_split else SPLITS[measure]

    @property
    def auroc(self) -> MeasuredArray:
        """[paradigm, checkpoint, layer] Of the headline."""
        return self.arrays[self.headline].value

    @property
    def uids(self) -> tuple[str, ...]:
        """The paradigms that were measured."""
        return tuple(map(str, self.auroc.axes[0]))

    @property
    def steps(self) -> tuple[int, ...]:
        """The checkpoints that were measured."""
        return tuple(map(int, self.auroc.axes[1]))

    @property
    def layers(self) -> tuple[int, ...]:
        """0: embeddings."""
        return tuple(map(int, self.auroc.axes[2]))

    def at(self, measure: str, uid: str, step: int, layer: int) -> Nulled | None:
        """None where it was not measured, or cannot be said."""
        held = self.arrays.get(measure)
        return None if held is None else held.at(uid, step, layer)


def concepts_found(rows: MeasuredRows, delay: DelayReport | None) -> ConceptsFound | None:
    """None where no concept vector was measured."""
    conventions = rows.held(AUROC, "convention", PREFERRED)
    if not conventions:
        return None
    shown = [one for one in conventions if _family(one) == _family(conventions[0])]
    arrays = {name: one for name, split in SPLITS.items() if (one := _arrays(rows, name, split, shown)) is not None}
    if AUROC not in arrays:
        return None
    has_split = bool(np.isfinite(arrays[AUROC].value.value).any())
    if not has_split and (probe := _arrays(rows, PROBE, EVERYTHING, shown)) is not None:
        arrays[PROBE] = probe
    uids, steps = arrays[AUROC].value.axes[0], [int(step) for step in arrays[AUROC].value.axes[1]]
    spans = {str(uid): span_of(steps, t_after_of(delay, str(uid))) for uid in uids}
    other = tuple(one for one in conventions if one not in shown)
    return ConceptsFound(arrays, spans, _family(conventions[0]), other, has_split)


def _family(convention: str) -> str:
    """What conventions of paradigms of different sizes have in common: all but the pairs that ranks are taken at."""
    return re.sub(r"ranks at \w+ pairs", "ranks at N pairs", convention)


def _arrays(rows: MeasuredRows, measure: str, split: str, conventions: list[str]) -> NulledArrays | None:
    def one(name: str) -> MeasuredArray | None:
        by = ("group", "step", "layer")
        return rows.array(name, by, conventions=conventions, level="paradigm", split=split)

    value = one(measure)
    # A mismatch's null stands under its own name: concept-rank-mismatch-null.
    return None if value is None else NulledArrays(value, one(f"{measure}-null"), one(f"{measure}-p"))
