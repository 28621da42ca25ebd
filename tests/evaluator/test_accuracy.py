"""Accuracies against means over pairs and over paradigms, worked out one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_scores import rising, series, table
from scipy import stats

from evaluator.accuracy import AccuracyReport, AccuracyRequest, GroupAccuracy, Level, analyse_accuracy
from evaluator.conventions import PRESETS
from evaluator.scored import PairTable, ScoredSeries
from exposure.errors import EvaluationError

UIDS = ["agreement"] * 6 + ["islands"] * 2 + ["raising"] * 4
PHENOMENA = ["x"] * 6 + ["y"] * 2 + ["x"] * 4
FIELDS = ["syntax"] * 6 + ["syntax_semantics"] * 2 + ["syntax/semantics"] * 4
RIGHT_FROM = [0, 1, 1, 2, 2, 9, 0, 9, 1, 1, 1, 2]
CHECKPOINTS = 4


def pairs_of(lemmas: list[str] | None = None) -> PairTable:
    """Three paradigms of 6, 2 and 4 pairs, two phenomena, two fields of three spellings."""
    return table(lemmas or ["a", "b", "c"] * 4, uid=UIDS, phenomenon=PHENOMENA, field=FIELDS)


def report_of(scores: ScoredSeries, resamples: int = 200) -> AccuracyReport:
    """Accuracies with few resamples."""
    return analyse_accuracy(scores, AccuracyRequest(resamples=resamples))


def group(report: AccuracyReport, level: Level, name: str) -> GroupAccuracy:
    """The one group of this name."""
    (found,) = [one for one in report.groups if (one.level, one.name) == (level, name)]
    return found


def test_groups_and_their_order() -> None:
    """Paradigms, phenomena, fields and overall; both spellings of syntax/semantics are one field."""
    report = report_of(series(rising(RIGHT_FROM, CHECKPOINTS), pairs_of()))
    assert [(one.level, one.name) for one in report.groups] == [
        *(("paradigm", name) for name in ("agreement", "islands", "raising")),
        *(("phenomenon", name) for name in ("x", "y")),
        *(("field", name) for name in ("syntax", "syntax/semantics")),
        ("overall", "overall"),
    ]
    assert group(report, "field", "syntax/semantics").paradigms == ("islands", "raising")


def test_the_thirteenth_term_is_no_phenomenon() -> None:
    """BLiMP's files name 13 terms for 12 published phenomena: s-selection belongs to argument_structure."""
    pairs = table(["a", "b"], uid=["one", "two"], phenomenon=["s-selection", "argument_structure"])
    report = report_of(series([[1.0, -1.0]], pairs))
    assert group(report, "phenomenon", "argument_structure").paradigms == ("one", "two")
    assert len([one for one in report.groups if one.level == "phenomenon"]) == 1


def test_macro_means_are_over_paradigms_and_pooled_ones_over_pairs() -> None:
    """A paradigm with few pairs weighs as much as one with many; the pooled figure stands beside."""
    report = report_of(series(rising(RIGHT_FROM, CHECKPOINTS), pairs_of()))
    right = rising(RIGHT_FROM, CHECKPOINTS) > 0
    by_uid = {uid: right[:, [one == uid for one in UIDS]].mean(axis=1) for uid in set(UIDS)}
    for name, uids in (("x", ["agreement", "raising"]), ("y", ["islands"])):
        assert group(report, "phenomenon", name).macro.tolist() == pytest.approx(
            np.mean([by_uid[uid] for uid in uids], axis=0).tolist()
        )
        among = [one in uids for one in UIDS]
        pooled = group(report, "phenomenon", name).pooled
        assert pooled.accuracy.tolist() == pytest.approx(right[:, among].mean(axis=1).tolist())
        assert pooled.pairs.tolist() == [sum(among)] * CHECKPOINTS
    overall = group(report, "overall", "overall")
    assert overall.macro.tolist() == pytest.approx(np.mean(list(by_uid.values()), axis=0).tolist())
    assert overall.pooled.accuracy.tolist() == pytest.approx(right.mean(axis=1).tolist())
    assert overall.macro.tolist() != pytest.approx(overall.pooled.accuracy.tolist())


def test_wilson_intervals_and_sums_of_the_pooled_pairs() -> None:
    """Against SciPy; mean Δ is over the same pairs."""
    scores = series(rising(RIGHT_FROM, CHECKPOINTS) * 0.5, pairs_of())
    pooled = group(report_of(scores), "overall", "overall").pooled
    for checkpoint in range(CHECKPOINTS):
        right = int((scores.delta[checkpoint] > 0).sum())
        expected = stats.binomtest(right, 12).proportion_ci(method="wilson")
        assert pooled.wilson_low[checkpoint] == pytest.approx(expected.low)
        assert pooled.wilson_high[checkpoint] == pytest.approx(expected.high)
    assert pooled.mean_delta.tolist() == pytest.approx(scores.delta.mean(axis=1).tolist())


def test_ties_are_counted_apart() -> None:
    """A tie is wrong, half or right as the convention says, and is counted whichever it is."""
    right = np.array([[1.0, 0.0, 0.0, -1.0]])
    for tie, accuracy in (("wrong", 0.25), ("half", 0.5), ("right", 0.75)):
        convention = replace(PRESETS["exposure"], tie=tie)
        curve = report_of(series(right, table(["a", "b", "c", "d"]), convention=convention)).groups[0].pooled
        assert (curve.accuracy.tolist(), curve.ties.tolist()) == ([accuracy], [2])


def test_identical_sides_are_ties_and_never_right() -> None:
    """Half a point is for two sentences; lm-eval's preset gives them the whole one, as that library does."""
    right = np.array([[1.0, 0.0, 0.0, -1.0]])
    pairs = table(["a", "b", "c", "d"], identical=[2])
    for convention, accuracy in (
        (PRESETS["exposure"], 0.25),
        (replace(PRESETS["exposure"], tie="half"), 0.375),
        (PRESETS["lm-eval"], 0.75),
    ):
        curve = report_of(series(right, pairs, convention=convention)).groups[0].pooled
        assert (curve.accuracy.tolist(), curve.ties.tolist()) == ([accuracy], [2])


def test_pairs_the_method_does_not_apply_to_are_left_out() -> None:
    """A column without scores is in no mean; a paradigm without any score is no group."""
    scores = rising(RIGHT_FROM, CHECKPOINTS)
    scores[:, [0, 6, 7]] = np.nan
    report = report_of(series(scores, pairs_of()))
    assert [one.name for one in report.groups if one.level == "paradigm"] == ["agreement", "raising"]
    assert group(report, "paradigm", "agreement").pooled.pairs.tolist() == [5] * CHECKPOINTS
    with pytest.raises(EvaluationError, match="none of these pairs"):
        report_of(series(np.full((CHECKPOINTS, 12), np.nan), pairs_of()))


def test_a_paradigms_figures_do_not_depend_on_its_company() -> None:
    """Alone or among others, in any order of pairs: the same accuracies and the same intervals."""
    scores = series(rising(RIGHT_FROM, CHECKPOINTS), pairs_of())
    among = group(report_of(scores), "paradigm", "raising")
    alone = group(report_of(scores.of_paradigm("raising")), "paradigm", "raising")
    backwards = group(report_of(scores.take(np.arange(12)[::-1])), "paradigm", "raising")
    for other in (alone, backwards):
        assert among.macro_low.tolist() == pytest.approx(other.macro_low.tolist())
        assert among.macro_high.tolist() == pytest.approx(other.macro_high.tolist())
        assert among.pooled.bootstrap_low.tolist() == pytest.approx(other.pooled.bootstrap_low.tolist())


def test_lemmas_shared_by_paradigms_are_resampled_together() -> None:
    """Three paradigms of the same words vary together, and their mean more than with words of their own."""
    uids = [f"paradigm {number % 3}" for number in range(300)]
    lemma = [number // 3 % 20 for number in range(300)]
    right = np.where(np.array(lemma) < 12, 1.0, -1.0)[None, :]
    widths = []
    for lemmas in ([f"{one}" for one in lemma], [f"{uid} {one}" for uid, one in zip(uids, lemma, strict=True)]):
        found = group(report_of(series(right, table(lemmas, uid=uids)), 2000), "overall", "overall")
        widths.append(float(found.macro_high[0] - found.macro_low[0]))
        assert widths[-1] == pytest.approx(
            float(found.pooled.bootstrap_high[0] - found.pooled.bootstrap_low[0]), rel=0.1
        )
    assert widths[0] / widths[1] == pytest.approx(np.sqrt(3), rel=0.25)


@pytest.mark.parametrize("wrong", [{"resamples": 0}, {"level": 1.0}, {"level": 0.0}])
def test_impossible_requests_are_refused(wrong: dict[str, float]) -> None:
    """Nothing to draw, or no level."""
    with pytest.raises(EvaluationError, match="at least 1"):
        AccuracyRequest(**wrong)  # type: ignore[arg-type]
