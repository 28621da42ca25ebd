"""What an analysis of delayed generalisation says. Times and lags are training steps; a lag is validation − train.

No lag stands alone: `TestedLag` holds it together with its null distributions, the size-matched one among them,
because first crossings are biased by the size of the group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evaluator.accuracy import AccuracyCurve
from evaluator.conventions import Convention
from evaluator.intervals import LEVEL, Interval
from evaluator.scored import Integers

Test = Literal["random-split", "within-lemma"]
"""`random-split`: labels go to any pairs (EXP's). `within-lemma`: only among pairs of one critical lemma contrast."""

Censoring = Literal["interval", "left", "right"]
"""Where a crossing is known to lie: between two checkpoints; at or before the first; after the last, if ever."""

Undefined = Literal["infinite", "not-available"]
"""The lag of a side that never crosses: ±∞, and 0 where neither does; or none at all, as in EXP."""

THRESHOLDS = (0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95)

FEW_PAIRS = "few_pairs"
FEW_CLUSTERS = "few_clusters"


@dataclass(frozen=True, slots=True)
class DelayRequest:
    """How delay is measured. The same request over the same scores gives the same numbers."""

    threshold: float = 0.80
    """The τ that is named where there is room for one; always in `thresholds`."""
    thresholds: tuple[float, ...] = THRESHOLDS
    undefined: Undefined = "infinite"
    permutations: int = 1000
    resamples: int = 1000
    level: float = LEVEL
    seed: int = 0
    few_pairs: int = 100
    few_clusters: float = 30.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """The first checkpoint at which a curve is at or above a threshold; it happened in (`after`, `step`]."""

    threshold: float
    step: int | None
    """t(τ) = min{t : A(t) ≥ τ}; None when it never is: then it is right-censored at `after`, the last checkpoint."""
    after: int | None
    """The checkpoint before; None when already the first is above (left-censored)."""
    interpolated: float | None
    """Where the straight line between `after` and `step` meets the threshold; `step` itself when left-censored."""
    un_crossings: int
    """How many times the curve falls below the threshold again."""

    @property
    def censoring(self) -> Censoring:
        """`interval` is the rule: a crossing is seen only from one checkpoint to the next."""
        if self.step is None:
            return "right"
        return "left" if self.after is None else "interval"


@dataclass(frozen=True, slots=True)
class NullTest:
    """A lag among those of permuted labels; one-tailed: how often chance delays proxy-validation as much."""

    test: Test
    p: float | None
    """(at_least + 1) / (draws + 1); None where no label can move or no lag is defined, and `reason` says which."""
    at_least: int
    """Draws whose lag was at least the observed one; a draw without a lag counts here, to be safe."""
    draws: int
    undefined: int
    """Draws without a lag (half-rise: a side that does not rise)."""
    low: float | None
    median: float | None
    high: float | None
    """Quantiles of the null lags, 2.5 %, 50 % and 97.5 %; infinite where the lags are."""
    reason: str | None = None
    p_adjusted: float | None = None
    """After Benjamini and Hochberg, over all paradigms (and thresholds) of the report that have this p."""


@dataclass(frozen=True, slots=True)
class TestedLag:
    """A lag with its interval and its nulls."""

    steps: float | None
    """t_val − t_train; ±∞ and 0 by convention where a side never crosses; None where there is none."""
    interval: Interval | None
    """Lemma bootstrap."""
    random_split: NullTest
    within_lemma: NullTest
    reason: str | None = None
    """Why `steps` is None, a convention or only a bound; None when it is a plain difference."""

    __test__ = False


@dataclass(frozen=True, slots=True)
class ThresholdLag:
    """Both crossings of one threshold and their lag."""

    threshold: float
    train: Crossing
    validation: Crossing
    lag: TestedLag
    interpolated: float | None
    """Lag of the interpolated crossings; by the same conventions."""
    interpolated_interval: Interval | None


@dataclass(frozen=True, slots=True)
class HalfRise:
    """The time at which one side is half-way from its first accuracy to its own plateau."""

    first: float
    plateau: float
    """Mean accuracy over the last checkpoints."""
    plateau_checkpoints: int
    rise: Interval
    """Of plateau − first, by the lemma bootstrap. Where its low end is not above 0 nothing rose beyond noise."""
    step: float | None
    """Interpolated; None where nothing rose beyond noise."""
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class HalfRiseLag:
    """Half-rise times of both sides and their lag: delay apart from where the curves end."""

    train: HalfRise
    validation: HalfRise
    lag: TestedLag


@dataclass(frozen=True, slots=True)
class PlateauDifference:
    """Validation − train, mean accuracy over the last checkpoints."""

    difference: float
    interval: Interval | None
    checkpoints: int


@dataclass(frozen=True, slots=True)
class ClusterCounts:
    """How many independent units stand behind a comparison of proxy-train and proxy-validation."""

    pairs: int
    """In either part."""
    critical: int
    """Critical lemma contrasts; a pair without one is its own."""
    context: int | None
    """Context lemmas; None where no pair has one."""
    effective: float
    """Of the critical ones: (Σ n)² / Σ n² (Kish 1965, section 11.7; the inverse of Simpson's index)."""
    effective_context: float | None
    mixed: int
    """Critical clusters with pairs on both sides: within these alone labels can be permuted."""
    movable: int
    """Pairs in mixed clusters."""
    effective_mixed: float
    """Effective number of the mixed clusters; 0 when there is none."""
    resampled: tuple[str, ...]
    """What the bootstrap resamples: critical, context, or pairs."""


@dataclass(frozen=True)
class ParadigmDelay:
    """Everything about one paradigm. Where a side is empty there is no lag, and `reason` says so."""

    uid: str
    phenomenon: str
    field: str
    flags: tuple[str, ...]
    """Of the rule (degenerate, bad_grammatical_elsewhere …), and few_pairs, few_clusters."""
    counts: Mapping[str, int]
    """Scored pairs in each part of the split, all parts named."""
    unscored: int
    """Pairs that the scoring method does not apply to."""
    everything: AccuracyCurve
    """All scored pairs, whatever their part."""
    train: AccuracyCurve
    validation: AccuracyCurve
    clusters: ClusterCounts | None
    lags: tuple[ThresholdLag, ...]
    half_rise: HalfRiseLag | None
    plateau: PlateauDifference | None
    reason: str | None = None

    def lag_at(self, threshold: float) -> ThresholdLag | None:
        """The lag at one of the thresholds of the request; None where a side is empty."""
        return next((lag for lag in self.lags if lag.threshold == threshold), None)


@dataclass(frozen=True)
class DelayReport:
    """Delay of all paradigms of one series, under one split and one convention."""

    request: DelayRequest
    convention: Convention
    steps: Integers  # [checkpoint]
    paradigms: tuple[ParadigmDelay, ...]
    """In alphabetical order of uid."""
