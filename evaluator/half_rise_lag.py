"""How much later proxy-validation is half-way up its own rise than proxy-train, and by how much it ends lower."""

from __future__ import annotations

from evaluator.bootstrap import Side
from evaluator.comparison import Comparison
from evaluator.delay_report import HalfRiseLag, PlateauDifference
from evaluator.draw_intervals import interval_of
from evaluator.half_rise import HalfRise, half_rise_steps, plateau_checkpoints, plateau_of
from evaluator.scored import Floats


def half_rise_lag(comparison: Comparison) -> HalfRiseLag | None:
    """Both half-rise times and their lag; None where there are too few checkpoints for a plateau beside the first."""
    last = plateau_checkpoints(len(comparison.steps))
    if last is None:
        return None

    def lag(train: Floats, validation: Floats) -> Floats:
        late, early = (half_rise_steps(one, comparison.steps, last) for one in (validation, train))
        return late - early

    train = _half_rise(comparison, comparison.train, last)
    validation = _half_rise(comparison, comparison.validation, last)
    missing = _missing(train, validation)
    interval = None if missing else comparison.interval(lag)
    return HalfRiseLag(train, validation, comparison.tested(lag, interval, missing, None))


def plateau_difference(comparison: Comparison) -> PlateauDifference | None:
    """Validation − train over the last checkpoints; None where they are all there is."""
    last = plateau_checkpoints(len(comparison.steps))
    if last is None:
        return None

    def difference(train: Floats, validation: Floats) -> Floats:
        return plateau_of(validation, last) - plateau_of(train, last)

    observed = difference(comparison.train.accuracy, comparison.validation.accuracy)
    return PlateauDifference(float(observed), comparison.interval(difference), last)


def _half_rise(comparison: Comparison, side: Side, last: int) -> HalfRise:
    level, resampled = comparison.request.level, side.accuracies(side.scale)
    rise = interval_of(plateau_of(resampled, last) - resampled[:, 0], level, side.effective)
    rises = rise.low > 0
    times = half_rise_steps(resampled, comparison.steps, last)
    return HalfRise(
        first=float(side.accuracy[0]),
        plateau=float(plateau_of(side.accuracy, last)),
        checkpoints=last,
        rise=rise,
        step=float(half_rise_steps(side.accuracy, comparison.steps, last)) if rises else None,
        interval=interval_of(times, level, side.effective) if rises else None,
    )


def _missing(train: HalfRise, validation: HalfRise) -> str | None:
    flat = [name for name, one in (("proxy-train", train), ("proxy-validation", validation)) if one.step is None]
    return f"{' and '.join(flat)} {'does' if len(flat) == 1 else 'do'} not rise beyond noise" if flat else None
