"""Which paradigms can be asked about delay, which of them show it, and why the others cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evaluator.delay_report import FEW_PAIRS, ParadigmDelay, TestedLag, ThresholdLag
from evaluator.report.wording import NONE, count_text, lag_text
from evaluator.since_exposure import SinceExposure

SIGNIFICANT = 0.05
"""Of the p-value within critical lemmas, after Benjamini and Hochberg."""

Kind = Literal["eligible", "few", "one-sided", "unknown", "refused", "no_phrase", "no_exposures"]

ORDER: tuple[Kind, ...] = ("eligible", "few", "one-sided", "unknown", "refused", "no_phrase", "no_exposures")
"""How paradigms are sorted: what can be asked comes first."""

MEANINGS: dict[Kind, str] = {
    "eligible": "eligible",
    "few": "too few pairs on one side",
    "one-sided": "nothing to compare",
    "unknown": "exposure not known",
    "refused": "refused: the sides asked for mean nothing here",
    "no_phrase": "no critical phrase",
    "no_exposures": "no timeline was given",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a paradigm can be asked about delay, and what stands in the way."""

    kind: Kind
    reason: str = ""

    @property
    def is_eligible(self) -> bool:
        """Enough pairs in both parts."""
        return self.kind == "eligible"

    @property
    def rank(self) -> int:
        """For sorting."""
        return ORDER.index(self.kind)


def standing_of(delay: ParadigmDelay | None, few_pairs: int) -> Standing:
    """The standing of one paradigm in one run; None means that the run has no exposures."""
    if delay is None:
        return Standing("no_exposures", MEANINGS["no_exposures"])
    train, validation = delay.counts["proxy-train"], delay.counts["proxy-validation"]
    if train and validation:
        is_few = FEW_PAIRS in delay.flags
        why = f"fewer than {few_pairs} pairs in one part ({train:,} / {validation:,})"
        return Standing("few", why) if is_few else Standing("eligible")
    rest = {part: number for part, number in delay.counts.items() if not part.startswith("proxy-") and number}
    if not rest:
        return Standing("one-sided", _one_sided(train, validation))
    return _left_out(rest, train, validation)


def standing_since(since: SinceExposure | None, few_pairs: int) -> Standing:
    """The standing under the policy seen-by: whether enough pairs have a first exposure to count from."""
    if since is None:
        return Standing("one-sided", "no pair with a first exposure to count from")
    if not since.pairs:
        return Standing("one-sided", _no_cohort(since))
    return (
        Standing("eligible")
        if since.pairs >= few_pairs
        else Standing("few", f"fewer than {few_pairs} pairs in the cohort ({since.pairs:,})")
    )


def _no_cohort(since: SinceExposure) -> str:
    if not since.out_of_range:
        return f"no pair with a known first exposure ({since.never:,} never exposed, {since.unknown:,} not known)"
    width = int(since.edges[1] - since.edges[0])
    exposed = count_text(since.out_of_range, "exposed pair")
    return (
        f"out of range: none of {exposed} has a checkpoint in every bin of {count_text(width, 'step')}; choose other "
        "bins (--bin-steps N) or evaluate more checkpoints"
    )


def _one_sided(train: int, validation: int) -> str:
    if not train and not validation:
        return "the scoring method applies to no pair"
    return f"all {count_text(train, 'pair')} were exposed" if train else f"none of {validation:,} pairs was exposed"


def _left_out(rest: dict[str, int], train: int, validation: int) -> Standing:
    largest = max(rest, key=lambda part: rest[part])
    kinds: dict[str, Kind] = {"no_phrase": "no_phrase", "refused": "refused"}
    kind = kinds.get(largest, "unknown")
    parts = ", ".join(f"{number:,} {part.replace('_', ' ')}" for part, number in rest.items())
    held = "" if not train and not validation else f"{train:,} exposed, {validation:,} not, "
    return Standing(kind, f"{MEANINGS[kind]} ({held}{parts})")


@dataclass(frozen=True, slots=True)
class Measure:
    """One lag of a paradigm and what it is called."""

    name: str
    """"half-rise", or "threshold"."""
    lag: TestedLag
    threshold: ThresholdLag | None = None

    @property
    def is_crossed(self) -> bool:
        """Whether any part reaches the threshold; where none does a lag of 0 is mere convention."""
        one = self.threshold
        return one is None or one.train.step is not None or one.validation.step is not None

    @property
    def has_lag(self) -> bool:
        """Whether there is a lag to be shown; where there is none, its null says nothing."""
        return self.lag.steps is not None and self.is_crossed

    @property
    def leads(self) -> bool:
        """Whether proxy-train leads by it: a positive lag that stays significant within lemmas, adjusted."""
        p = self.lag.within_lemma.p_adjusted
        return self.lag.steps is not None and self.lag.steps > 0 and p is not None and p < SIGNIFICANT


def measures_of(delay: ParadigmDelay, threshold: float) -> tuple[Measure, ...]:
    """The half-rise lag and the lag at the threshold, as far as they are there."""
    crossing = delay.lag_at(threshold)
    found = [] if delay.half_rise is None else [Measure("half-rise", delay.half_rise.lag)]
    return tuple(found if crossing is None else [*found, Measure("threshold", crossing.lag, crossing)])


def leading(delay: ParadigmDelay, threshold: float) -> tuple[Measure, ...]:
    """The measures by which proxy-train leads."""
    return tuple(measure for measure in measures_of(delay, threshold) if measure.leads)


def smallest_p(delay: ParadigmDelay, threshold: float) -> float:
    """The smallest p within lemmas of both measures, for sorting; 2 where there is none."""
    found = [measure.lag.within_lemma.p for measure in measures_of(delay, threshold)]
    return min((p for p in found if p is not None), default=2.0)


def lag_of(measure: Measure) -> str:
    """The lag for people: a 0 that no crossing stands behind is none."""
    return lag_text(measure.lag.steps) if measure.is_crossed else NONE
