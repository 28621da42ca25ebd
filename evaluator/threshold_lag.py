"""How much later proxy-validation crosses a threshold than proxy-train."""

from __future__ import annotations

from evaluator.comparison import Comparison
from evaluator.crossings import Crossing, crossing_of, crossing_steps, interpolated_steps
from evaluator.delay_report import ThresholdLag
from evaluator.lags import is_undefined, lag_of, measured_lag, note_on
from evaluator.scored import Floats


def threshold_lag(comparison: Comparison, threshold: float) -> ThresholdLag:
    """The lag at one threshold: at checkpoints, with its nulls, and interpolated between them."""
    steps = comparison.steps

    def lag(train: Floats, validation: Floats) -> Floats:
        return lag_of(crossing_steps(validation, steps, threshold), crossing_steps(train, steps, threshold))

    def resampled(train: Floats, validation: Floats) -> Floats:
        return measured_lag(crossing_steps(validation, steps, threshold), crossing_steps(train, steps, threshold))

    def interpolated(train: Floats, validation: Floats) -> Floats:
        return measured_lag(
            interpolated_steps(validation, steps, threshold), interpolated_steps(train, steps, threshold)
        )

    train = crossing_of(comparison.train.accuracy, steps, threshold)
    validation = crossing_of(comparison.validation.accuracy, steps, threshold)
    note = note_on(validation, train)
    missing = note if comparison.request.undefined == "not-available" and is_undefined(validation, train) else None
    is_measured = not missing and not (train.step is None and validation.step is None)
    tested = comparison.tested(lag, comparison.interval(resampled) if is_measured else None, missing, note)
    return ThresholdLag(
        threshold=threshold,
        train=train,
        validation=validation,
        lag=tested,
        interpolated=_between(validation, train) if is_measured else tested.steps,
        interpolated_interval=comparison.interval(interpolated) if is_measured else None,
    )


def _between(validation: Crossing, train: Crossing) -> float:
    late, early = (float("inf") if one is None else one for one in (validation.interpolated, train.interpolated))
    return late - early
