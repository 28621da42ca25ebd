"""The files of a report, against figures counted from the stored scores by plain loops."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from report_pages import QUICK, report_on, rows_of
from synthetic_evaluations import DELAYED, PLANTS, STEPS, Plant, write_evaluation

from evaluator.exposures import ExposureSource, StoredExposures
from evaluator.folder import EvaluationFolder
from evaluator.report.convention_choice import choose_convention
from evaluator.report.exposed_pairs import NEVER, first_exposures
from evaluator.report.request import ReportRequest
from evaluator.scored import PairTable
from exposure.errors import EvaluationError
from exposure.phrase_facts import NOT_INDEXED, PhraseFacts
from exposure.phrases import CriticalPhrase, Phrase, Side
from exposure.splits import Sides, SplitRequest, by_paradigm, split_pairs

MIXED = (*PLANTS, Plant("half_scanned", 120, 30, unknown=50), Plant("no_phrase_here", 0, 0, no_phrase=60))


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> EvaluationFolder:
    """An evaluation of mixed paradigms."""
    return write_evaluation(tmp_path_factory.mktemp("files") / "evaluation", MIXED)


@pytest.fixture(scope="module")
def folder(evaluation: EvaluationFolder) -> Path:
    """Its report."""
    report_on(evaluation.path / "report", evaluation.path)
    return evaluation.path / "report"


def _rights(evaluation: EvaluationFolder, step: int) -> dict[tuple[str, str], bool]:
    """Pair → whether its good side scores higher, straight from the file of scores."""
    record = next(one for one in evaluation.checkpoints if one.step == step)
    path = evaluation.items_path(evaluation.manifest.specs[0], record.weights_sha256 or "")
    pairs = pq.read_table(evaluation.path / "pairs.parquet").to_pylist()
    items = pq.read_table(path).to_pylist()
    return {
        (pair["uid"], pair["pair_id"]): item["score_good"] > item["score_bad"]
        for pair, item in zip(pairs, items, strict=True)
    }


def _parts(evaluation: EvaluationFolder) -> dict[tuple[str, str], str]:
    """Pair → its part, straight from the file of exposures, under the policy window and either side."""
    found: dict[tuple[str, str], str] = {}
    for row in pq.read_table(evaluation.path / "exposures.parquet").to_pylist():
        name = (row["uid"], row["pair_id"])
        if row["phrase"] is None:
            found[name] = "no_phrase"
        elif row["first_batch"] is not None:
            found[name] = "proxy-train"
        elif row["covered_batches"] < max(STEPS) and found.get(name) != "proxy-train":
            found[name] = "unknown"
        else:
            found.setdefault(name, "proxy-validation")
    return found


def test_accuracies_are_shares_of_right_pairs(evaluation: EvaluationFolder, folder: Path) -> None:
    """Every accuracy of a paradigm and part is the share of its pairs whose good side scores higher."""
    parts = _parts(evaluation)
    rows = [row for row in rows_of(folder / "accuracy.csv") if row["level"] == "paradigm"]
    assert {row["group"] for row in rows} == {plant.uid for plant in MIXED}
    for step in (STEPS[0], STEPS[7], STEPS[-1]):
        rights = _rights(evaluation, step)
        for row in (row for row in rows if row["step"] == str(step)):
            held = [
                right
                for name, right in rights.items()
                if name[0] == row["group"] and row["split"] in ("everything", parts[name])
            ]
            assert int(row["pairs"]) == len(held)
            assert float(row["accuracy"] or "nan") == pytest.approx(_mean(held), nan_ok=True)


def _mean(values: list[bool]) -> float:
    return sum(values) / len(values) if values else float("nan")


def test_the_macro_mean_is_over_paradigms(folder: Path) -> None:
    """The overall accuracy is the mean of the paradigms', whatever their numbers of pairs."""
    rows = [row for row in rows_of(folder / "accuracy.csv") if row["step"] == str(STEPS[-1])]
    each = [float(row["accuracy"]) for row in rows if (row["level"], row["split"]) == ("paradigm", "everything")]
    (macro,) = [row for row in rows if (row["level"], row["average"]) == ("overall", "paradigms")]
    assert float(macro["accuracy"]) == pytest.approx(sum(each) / len(each))


def test_splits_are_those_of_exposure_split(evaluation: EvaluationFolder, folder: Path) -> None:
    """splits.csv holds the counts that `exposure split` gives of the same exposures."""
    stored = evaluation.exposures
    assert stored is not None
    names = ("pairs", "proxy_train", "proxy_validation", "unknown", "not_indexed", "no_phrase", "refused")
    for request, made in ((SplitRequest(), folder), (SplitRequest("seen-by", 400), _seen_by(evaluation, 400))):
        expected = by_paradigm(split_pairs(stored, stored.critical, request))
        found = [[row["uid"], *(int(row[name]) for name in names)] for row in rows_of(made / "splits.csv")]
        assert found == [[one.uid, *(getattr(one, name) for name in names)] for one in expected]


def _seen_by(evaluation: EvaluationFolder, at_step: int) -> Path:
    out = evaluation.path.parent / "seen-by"
    report_on(out, evaluation.path, request=replace(QUICK, policy="seen-by", at_step=at_step))
    return out


@pytest.mark.parametrize("sides", ["either", "good", "bad", "both"])
def test_exposed_pairs_are_those_seen_by_each_checkpoint(tmp_path: Path, sides: Sides) -> None:
    """The bars count, checkpoint by checkpoint, the pairs that the one definition of "seen by" calls seen."""
    evaluation = write_evaluation(tmp_path / "evaluation", MIXED, steps=(0, 100, 300, 1000, 2000))
    request = replace(QUICK, sides=sides)
    report_on(tmp_path / "report", tmp_path / "evaluation", request=request)
    stored = evaluation.exposures
    assert stored is not None
    for row in rows_of(tmp_path / "report" / "accuracy.csv"):
        if row["split"] == "proxy-train":
            asked = SplitRequest("seen-by", int(row["step"]), sides)
            seen = split_pairs(stored, [one for one in stored.critical if one.uid == row["group"]], asked)
            assert int(row["exposed"]) == sum(one.split == "proxy-train" for one in seen)


def test_a_first_exposure_that_may_be_earlier_is_no_exact_one() -> None:
    """Exact means that nothing not scanned could come before; never means that all was scanned."""
    seen = PhraseFacts(True, 40, first_exact=True, count=1, covered_batches=100)
    bound = PhraseFacts(True, 40, first_exact=False, count=1, covered_batches=10)
    unseen, unscanned = PhraseFacts(True, covered_batches=100), PhraseFacts(True, covered_batches=30)
    assert _first(seen, unseen, "either") == (41, True)
    assert _first(seen, unscanned, "either") == (41, False)
    assert _first(bound, unseen, "either") == (41, False)
    assert _first(unseen, unseen, "either") == (NEVER, True)
    assert _first(unseen, unscanned, "either") == (NEVER, False)
    assert _first(seen, unseen, "both") == (NEVER, True)
    assert _first(seen, unscanned, "both") == (NEVER, False)
    assert _first(seen, seen, "both") == (41, True)
    assert _first(unseen, seen, "good") == (NEVER, True)
    assert _first(NOT_INDEXED, NOT_INDEXED, "either") == (NEVER, False)


def _first(good: PhraseFacts, bad: PhraseFacts, sides: Sides) -> tuple[int, bool]:
    critical = [CriticalPhrase("u", "0", side, Phrase(side)) for side in SIDES]
    source = ExposureSource("t", "d", "o", 100, "exact")
    pairs = PairTable(("u",), ("0",), ("",), ("",), ("",), ("",), ((),), np.zeros(1, dtype=bool))
    found = first_exposures(StoredExposures(source, tuple(critical), (good, bad)), pairs, sides)
    return int(found.step[0]), bool(found.is_exact[0])


SIDES: tuple[Side, ...] = ("good", "bad")


def test_csv_and_parquet_hold_the_same(folder: Path) -> None:
    """Each table that is written twice is the same twice."""
    for name in ("accuracy", "lags", "paradigms", "since_exposure"):
        parquet = pq.read_table(folder / f"{name}.parquet").to_pylist()
        plain = rows_of(folder / f"{name}.csv")
        assert len(parquet) == len(plain)
        for row, text in zip(parquet, plain, strict=True):
            assert {key: _csv(value) for key, value in row.items()} == text


def _csv(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, list) else "" if value is None else str(value)


def test_lags_are_those_of_the_curves(folder: Path) -> None:
    """Crossings and lags are what a loop over accuracy.csv finds."""
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row in rows_of(folder / "accuracy.csv"):
        if row["accuracy"]:
            curves.setdefault((row["group"], row["split"]), []).append((int(row["step"]), float(row["accuracy"])))
    checked = 0
    for row in rows_of(folder / "lags.csv"):
        if row["measure"] == "threshold":
            tau = float(row["threshold"])
            train, validation = (
                _crossing(curves[row["uid"], part], tau) for part in ("proxy-train", "proxy-validation")
            )
            assert (row["train_step"], row["validation_step"]) == (_text(train), _text(validation))
            if train is not None and validation is not None:
                assert float(row["lag"]) == validation - train
                checked += 1
    assert checked > 10


def _crossing(curve: list[tuple[int, float]], tau: float) -> int | None:
    return next((step for step, accuracy in curve if accuracy >= tau), None)


def _text(step: int | None) -> str:
    return "" if step is None else f"{step}.0"


def test_two_reports_are_the_same_bytes(evaluation: EvaluationFolder, folder: Path, tmp_path: Path) -> None:
    """The same evaluation and request give the same files, wherever they are written."""
    report_on(tmp_path / "again", evaluation.path)
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    assert len(names) == 20
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_parquet_says_what_made_it(evaluation: EvaluationFolder, folder: Path) -> None:
    """Each Parquet file carries the evaluation's manifest, the timeline's digest, the request and the versions."""
    for path in folder.glob("*.parquet"):
        held = json.loads(pq.read_schema(path).metadata[b"exposure"])
        (one,) = held["evaluations"]
        assert one["manifest"]["pairs_sha256"] == evaluation.manifest.pairs_sha256
        assert one["exposures"]["logical_digest"] == "d" * 64
        assert one["convention"]["tie"] == "wrong"
        assert held["request"]["delay"]["permutations"] == QUICK.delay.permutations
        assert held["request"]["delay"]["seed"] == 0
        assert "numpy" in held["versions"]
        assert not re.search(re.escape(str(folder)), json.dumps(held))


def test_only_what_is_asked_for_is_reported(evaluation: EvaluationFolder, tmp_path: Path) -> None:
    """--uid reports the same figures of fewer paradigms, and refuses one that is not there."""
    report_on(tmp_path / "one", evaluation.path, request=replace(QUICK, uids=(DELAYED.uid,)))
    held = {row["group"] for row in rows_of(tmp_path / "one" / "accuracy.csv") if row["level"] == "paradigm"}
    assert held == {DELAYED.uid}
    with pytest.raises(EvaluationError, match="has no such paradigm"):
        report_on(tmp_path / "none", evaluation.path, request=replace(QUICK, uids=("nothing",)))


def test_a_window_ends_where_it_is_told(evaluation: EvaluationFolder, tmp_path: Path) -> None:
    """With an earlier end fewer pairs are proxy-train, and their number is that of the pairs seen by then."""
    report_on(tmp_path / "early", evaluation.path, request=replace(QUICK, at_step=300))
    stored = evaluation.exposures
    assert stored is not None
    early = {one.uid: one for one in by_paradigm(split_pairs(stored, stored.critical, SplitRequest("window", 300)))}
    for row in rows_of(tmp_path / "early" / "splits.csv"):
        assert int(row["proxy_train"]) == early[row["uid"]].proxy_train
        assert row["at_step"] == "300"


def test_other_conventions_come_from_the_same_scores(tmp_path: Path) -> None:
    """A preset whose scores are stored can be asked for, ties and norm can be changed, others are refused by name."""
    evaluation = write_evaluation(tmp_path / "evaluation", PLANTS, steps=(0, 500), presets=("exposure", "lm-eval"))
    manifest = evaluation.manifest
    assert choose_convention(manifest, None).name == "exposure"
    assert choose_convention(manifest, "lm-eval").tie == "right"
    changed = choose_convention(manifest, "exposure", "half", "per-byte")
    assert (changed.name, changed.tie, changed.norm) == ("exposure+tie-half+per-byte", "half", "per-byte")
    assert choose_convention(manifest, "exposure", "wrong").name == "exposure"
    with pytest.raises(EvaluationError, match="it can answer exposure, lm-eval"):
        choose_convention(manifest, "minicons")
    request = replace(QUICK, convention="lm-eval", norm="per-byte")
    report_on(tmp_path / "report", evaluation.path, request=request)
    assert {row["convention"] for row in rows_of(tmp_path / "report" / "lags.csv")} == {"lm-eval+per-byte"}


def test_seen_by_has_cohorts_and_no_lag(evaluation: EvaluationFolder, tmp_path: Path) -> None:
    """Under seen-by no lag is written; each paradigm's cohort is the same in every bin of time."""
    out = tmp_path / "report"
    request = ReportRequest(policy="seen-by", bin_steps=200, delay=QUICK.delay)
    report_on(out, evaluation.path, request=request)
    assert rows_of(out / "lags.csv") == []
    assert rows_of(out / "funnel.csv") == []
    rows = [row for row in rows_of(out / "since_exposure.csv") if row["uid"] == DELAYED.uid]
    assert [int(row["from_steps"]) for row in rows] == list(range(-200, 1000, 200))
    assert len({row["pairs"] for row in rows}) == 1
    assert int(rows[0]["pairs"]) + int(rows[0]["out_of_range"]) == DELAYED.train
    assert {int(row["never"]) for row in rows} == {DELAYED.validation}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Accuracy by time since first exposure" in page
    assert "half-rise" not in page.split("</style>")[1].split("<footer>")[0].lower()
