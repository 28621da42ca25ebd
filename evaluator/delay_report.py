"""What an analysis of delayed generalisation says. Times and lags are training steps; a lag is validation − train.

No lag stands alone: `TestedLag` holds it together with its null distributions, the size-matched one among them,
because first crossings are biased by the size of the group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evaluator.accuracy import AccuracyCurve
from evaluator.clusters import ClusterCounts
from evaluator.conventions import Convention
from evaluator.crossings import Crossing
from evaluator.half_rise import HalfRise
from evaluator.intervals import LEVEL, Interval
from evaluator.nulls import NullTest
from evaluator.scored import Integers
from exposure.errors import EvaluationError

Undefined = Literal["infinite", "not-available"]
"""The lag of a side that never crosses: ±∞, and 0 where neither does; or none at all, as in EXP."""

THRESHOLDS = (0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95)

FEW_PAIRS = "few_pairs"
FEW_CLUSTERS = "few_clusters"
FEW_MIXED_CLUSTERS = "few_mixed_clusters"
"""Within mixed clusters alone the primary test permutes labels."""


@dataclass(frozen=True, slots=True)
class DelayRequest:
    """How delay is measured. The same request over the same scores gives the same numbers."""

    threshold: float = 0.80
    """The τ that is named where there is room for one."""
    thresholds: tuple[float, ...] = THRESHOLDS
    undefined: Undefined = "infinite"
    permutations: int = 1000
    resamples: int = 1000
    level: float = LEVEL
    seed: int = 0
    few_pairs: int = 100
    """Fewer than these on a side are flagged."""
    few_clusters: float = 30.0
    """Fewer effective critical clusters than these are flagged, and fewer effective ones with pairs in both parts."""

    def __post_init__(self) -> None:
        """Thresholds between 0 and 1, and something to draw."""
        wrong = [one for one in (self.threshold, *self.thresholds, self.level) if not 0 < one < 1]
        if wrong:
            raise EvaluationError(f"{wrong[0]} is no threshold or level: a share between 0 and 1, such as 0.80.")
        if self.permutations < 1 or self.resamples < 1:
            raise EvaluationError(
                f"{self.permutations} permutations and {self.resamples} resamples: at least 1 of each is needed, and "
                "1000 are usual."
            )

    @property
    def grid(self) -> tuple[float, ...]:
        """All thresholds, rising, `threshold` among them."""
        return tuple(sorted({*self.thresholds, self.threshold}))


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


@dataclass(frozen=True)
class ParadigmDelay:
    """Everything about one paradigm. Where a side is empty there is no lag, and `reason` says so."""

    uid: str
    phenomenon: str
    field: str
    flags: tuple[str, ...]
    """Of the rule (degenerate, bad_grammatical_elsewhere …), and few_pairs, few_clusters, few_mixed_clusters."""
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
