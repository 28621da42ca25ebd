"""Updates or tokens: the exponent of planted laws, with checkpoints between which things are seen and runs that end."""

import numpy as np
import pytest

from evaluator.crossings import Crossing
from evaluator.measures.onset.censored_regression import LogTimes
from evaluator.measures.onset.run_event import RunEvent
from evaluator.measures.onset.update_exponent import exact_exponents, update_exponent
from exposure.errors import EvaluationError

CONTEXT = 256


def run(batch: int, updates: float, spacing: int = 10, last: int = 10**9) -> RunEvent:
    """A run whose event is at so many updates, seen at the next of checkpoints every `spacing` up to `last`."""
    step = int(np.ceil(updates / spacing)) * spacing
    is_seen = step <= last
    after = step - spacing if is_seen else last
    return RunEvent(batch, CONTEXT, Crossing(0.5, step if is_seen else None, after, None, 0))


def planted_runs(alpha: float, noise: np.ndarray, batches=(16, 32, 64), **seen: int) -> list[RunEvent]:
    """Runs of each batch, whose updates follow 1000 (batch / 32)^(α − 1), times e^noise [seed, batch]."""
    return [
        run(batch, 1000 * (batch / 32) ** (alpha - 1) * np.exp(noise[seed, place]), **seen)
        for seed in range(len(noise))
        for place, batch in enumerate(batches)
    ]


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_a_planted_law_is_found(alpha):
    """α is 1 where updates decide, 0 where tokens do; without noise it is known as far as checkpoints allow."""
    found = update_exponent(planted_runs(alpha, np.zeros((1, 3)), spacing=1))
    assert found.estimate == pytest.approx(alpha, abs=2e-3)
    assert found.exact.low <= alpha <= found.exact.high
    assert found.exact.high - found.exact.low < 5e-3
    assert found.interval.low <= found.exact.low < found.exact.high <= found.interval.high
    assert (found.spread, found.seen, found.runs) == (0, 3, 3)


def test_fine_checkpoints_give_the_interval_of_linear_regression_nearly():
    """With normal noise and times as good as exact: the estimate near least squares, the width near Student's."""
    stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(3)
    ratios, distances = [], []
    for _ in range(12):
        runs = planted_runs(0.5, 0.2 * generator.standard_normal((3, 3)), spacing=1)
        found = update_exponent(runs)
        size = np.log([one.tokens_per_update for one in runs])
        line = stats.linregress(size, np.log([one.tokens[1] for one in runs]))
        width = 2 * stats.t.ppf(0.975, len(runs) - 2) * line.stderr
        ratios.append((found.interval.high - found.interval.low) / width)
        distances.append(abs(found.estimate - line.slope) / line.stderr)
        assert not found.exact
    assert np.median(ratios) == pytest.approx(1, abs=0.15)
    assert np.mean(distances) < 0.5


@pytest.mark.parametrize(("spacing", "last"), [(20, 10**9), (400, 10**9), (100, 1100)])
def test_intervals_cover_the_truth_as_often_as_they_say(spacing, last):
    """40 experiments of three seeds and three batches, noise of 25 %: fine checkpoints, coarse ones, and runs that end
    before a third of the events. At 95 %, α is inside in all but a few.
    """
    generator = np.random.default_rng(spacing)
    inside, open_ended, said = 0, 0, 0
    for _ in range(40):
        found = update_exponent(planted_runs(1.0, 0.25 * generator.standard_normal((3, 3)), spacing=spacing, last=last))
        if found.interval is not None:
            said += 1
            inside += found.interval.low <= 1 <= found.interval.high
            open_ended += not np.isfinite([found.interval.low, found.interval.high]).all()
    assert said >= 38
    assert inside / said > 0.9
    assert open_ended / said < 0.2


def test_leaving_out_the_runs_that_never_got_there_would_be_wrong():
    """Small batches that end early: censored runs pull the estimate to the truth, where those seen alone do not."""
    generator = np.random.default_rng(9)
    with_all, seen_only = [], []
    for _ in range(12):
        runs = planted_runs(0.0, 0.4 * generator.standard_normal((6, 3)), spacing=10, last=2200)
        with_all.append(update_exponent(runs).estimate)
        seen_only.append(update_exponent([one for one in runs if one.crossing.step is not None]).estimate)
    assert abs(np.mean(with_all)) < 0.15
    assert np.mean(seen_only) > 0.12


SEEN = [run(16, 900), run(16, 1000), run(16, 1100), run(32, 950), run(32, 1000), run(32, 1050)]


def test_runs_that_ended_before_their_event_move_the_estimate_up():
    """Batches of 16 and 32 take 1000 updates; two of 256 have not done it after 3000: α is above 1, further than a run
    that stopped after 100 updates, which says nothing, and what they can be is less bounded above than below.
    """
    plain, stopped, late = (
        update_exponent([*SEEN, *(run(256, 10**6, last=last) for _ in range(2))]) if last else update_exponent(SEEN)
        for last in (None, 100, 3000)
    )
    assert stopped.estimate == pytest.approx(plain.estimate, abs=0.01)
    assert abs(plain.estimate - 1) < 0.1 < late.estimate - 1
    assert late.interval.high - late.estimate > late.estimate - late.interval.low
    assert (late.runs, late.seen) == (8, 6)


def test_runs_of_one_size_give_bounds_only():
    """Batches of 16 take 1000 updates, two of 256 more than 3000 (or two of 1 more than 16,000): no estimate, and α has
    one bound, near 1 + log 3 / log 16 (or, from above, 1 − log 16 / log 16), less what noise allows.
    """
    above = update_exponent([*SEEN[:3], run(256, 10**6, last=3000), run(256, 10**6, last=3000)])
    assert (above.estimate, above.exact) == (None, None)
    assert "fewer than two sizes" in above.reason
    assert above.interval.high == np.inf
    assert 1 < above.interval.low < 1 + np.log(3) / np.log(16)
    below = update_exponent([*SEEN[:3], run(1, 10**6, last=16_000), run(1, 10**6, last=16_000)])
    assert below.interval.low == -np.inf
    assert 0 < below.interval.high < 0.6
    nothing = update_exponent([run(16, 10**6, last=100), run(32, 10**6, last=100)])
    assert (nothing.estimate, nothing.interval, nothing.seen) == (None, None, 0)


def test_two_events_cannot_tell_noise_from_slope():
    """An estimate and what the checkpoints allow, no interval, and the reason."""
    found = update_exponent([run(16, 1000), run(64, 1000)])
    assert found.interval is None
    assert found.estimate == pytest.approx(1, abs=0.01)
    assert "2 events" in found.reason
    assert found.excludes(0.5) is None
    many = update_exponent(planted_runs(1.0, np.zeros((3, 3)), spacing=1))
    assert many.excludes(0.5)
    assert not many.excludes(1.0)


def test_exact_exponents_are_those_of_a_search():
    """Every slope for which some line passes through all intervals, found by trying."""
    generator = np.random.default_rng(0)
    found_some = 0
    for _ in range(60):
        size = generator.integers(0, 3, 5).astype(float)
        middle = 0.5 * size + 0.2 * generator.standard_normal(5)
        times = LogTimes(middle - 0.3, middle + 0.3)
        times.high[generator.random(5) < 0.2] = np.inf
        times.low[generator.random(5) < 0.2] = -np.inf
        tried = np.linspace(-4, 4, 2001)
        low, high = (end[:, None] - np.outer(size, tried) for end in (times.low, times.high))  # [run, slope]
        possible = tried[low.max(axis=0) <= high.min(axis=0)]
        found = exact_exponents(times, size)
        if found is None:
            assert not len(possible)
        else:
            found_some += 1
            assert possible[0] == pytest.approx(max(found.low, -4), abs=0.004)
            assert possible[-1] == pytest.approx(min(found.high, 4), abs=0.004)
    assert 10 < found_some < 60


def test_tokens_count_batch_and_context():
    """A crossing in (40, 50] updates of 8 × 256 tokens; the first checkpoint has it; none has."""
    assert run(8, 45).tokens == (40 * 2048, 50 * 2048)
    assert RunEvent(8, 256, Crossing(0.5, 10, None, None, 0)).tokens == (0, 20480)
    assert run(8, 1e4, last=100).tokens == (100 * 2048, np.inf)


def test_what_has_no_exponent_is_refused():
    """Runs of one size, and events before any training."""
    with pytest.raises(EvaluationError, match="at least two sizes"):
        update_exponent([run(8, 100), run(8, 200)])
    with pytest.raises(EvaluationError, match="step 0"):
        update_exponent([run(8, 100), RunEvent(16, 256, Crossing(0.5, 0, None, None, 0))])
