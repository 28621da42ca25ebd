"""A report on several evaluations: a row for each paradigm and run, medians, and names that tell runs apart."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_pages import QUICK, Page, drawn_points, report_on, rows_of, table, with_class, words
from shell import exposure
from synthetic_evaluations import DELAYED, NEVER, PLANTS, STEPS, TOGETHER, Curve, write_evaluation

from evaluator.report.median_curve import median_curve
from exposure.errors import EvaluationError

LATER = replace(DELAYED, curve_train=Curve(500), curve_validation=Curve(1100))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on three seeds of one data order; one has fewer checkpoints, one lacks a paradigm."""
    place = tmp_path_factory.mktemp("runs")
    write_evaluation(place / "seed-0", PLANTS, seed=0)
    write_evaluation(place / "seed-1", (LATER, TOGETHER, NEVER), steps=(*STEPS[::2], 2000), seed=1)
    write_evaluation(place / "seed-2", (DELAYED, TOGETHER), seed=2)
    report_on(place / "report", place / "seed-0", place / "seed-1", place / "seed-2")
    return place / "report"


def test_each_paradigm_has_a_row_for_each_run(folder: Path) -> None:
    """The table of lags and the files hold every paradigm of every run, a run that lacks one left out."""
    rows = table(Page.read(folder).root, "Eligible paradigms")
    runs = [(row[0], row[1]) for row in rows]
    assert sorted(runs) == sorted(
        (plant.uid, f"seed-{seed}") for plant in PLANTS for seed in range(3) if (plant, seed) != (NEVER, 2)
    )
    held = {(row["uid"], row["evaluation"]) for row in rows_of(folder / "paradigms.csv")}
    assert held == set(runs)
    assert len(table(Page.read(folder).card(DELAYED.uid), f"{DELAYED.uid} by run")) == 3


def test_medians_are_of_the_runs(folder: Path) -> None:
    """The median lag on the page is the middle one of the runs in lags.csv."""
    lags = [
        float(row["lag"])
        for row in rows_of(folder / "lags.csv")
        if (row["uid"], row["measure"]) == (DELAYED.uid, "half-rise")
    ]
    row = next(row for row in table(Page.read(folder).root, "Medians") if row[0] == DELAYED.uid)
    assert row[1:3] == ["3", f"+{round(statistics.median(lags)):,}"]
    assert row[4] == "3 of 3"


def test_curves_of_runs_lie_over_each_other(folder: Path) -> None:
    """Each part has a thin curve a run and one thick median at the checkpoints that all runs have."""
    picture = with_class(Page.read(folder).card(DELAYED.uid), "plot", "linear")[0]
    thin = [drawn_points(one) for one in with_class(picture, "thin", "train")]
    assert [len(points) for points in thin] == [len(STEPS), len(set(STEPS[::2]) | {2000}), len(STEPS)]
    middle = drawn_points(with_class(picture, "curve", "train")[0])
    for x, y in middle:
        found = sorted(one[1] for points in thin for one in points if one[0] == x)
        assert len(found) == 3
        assert y == pytest.approx(found[1], abs=0.11)


def test_bars_stand_where_runs_agree_on_exposure(folder: Path, tmp_path: Path) -> None:
    """Seeds of one data order share their bars; runs over other data have none."""
    assert with_class(Page.read(folder).card(DELAYED.uid), "bars")
    write_evaluation(tmp_path / "a", [DELAYED])
    write_evaluation(tmp_path / "b", [DELAYED], data_seed=1)
    report_on(tmp_path / "report", tmp_path / "a", tmp_path / "b")
    assert not with_class(Page.read(tmp_path / "report").card(DELAYED.uid), "bars")


def test_the_headline_counts_runs(folder: Path) -> None:
    """A lead in several runs is said as such."""
    text = words(with_class(Page.read(folder).root, "headline")[0])
    assert text.startswith(
        "Proxy-train leads proxy-validation in 1 of the 3 eligible paradigms in at least one of 3 runs"
    )
    assert "(3 of 3 runs; half-rise lag" in words(Page.read(folder).section("findings"))


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Evaluations that share a name go by their folders."""
    for parent, middle in (("a", 500), ("b", 600)):
        (tmp_path / parent).mkdir()
        write_evaluation(tmp_path / parent / "same", [TOGETHER], steps=(0, middle, 2000))
    report_on(tmp_path / "report", tmp_path / "a" / "same", tmp_path / "b" / "same")
    assert {row["evaluation"] for row in rows_of(tmp_path / "report" / "checkpoints.csv")} == {"a/same", "b/same"}


def test_runs_with_nothing_in_common_still_make_a_report(tmp_path: Path) -> None:
    """Other paradigms and other checkpoints: no median, no funnel, and a sentence instead of an error."""
    write_evaluation(tmp_path / "a", [DELAYED], steps=(0, 400, 800, 1200, 1600))
    write_evaluation(tmp_path / "b", [DELAYED, NEVER], steps=(1, 401, 801, 1201, 1601))
    write_evaluation(tmp_path / "c", [TOGETHER], steps=(3,), with_exposures=False)
    report_on(tmp_path / "report", tmp_path / "a", tmp_path / "b", tmp_path / "c")
    page = Page.read(tmp_path / "report")
    assert "No funnel over these runs together" in words(page.section("funnel"))
    assert not with_class(page.card(DELAYED.uid), "curve", "train")
    assert len(with_class(page.card(DELAYED.uid), "thin", "train")) == 4  # two runs, on two axes


def test_the_shell_names_the_run_on_each_line(tmp_path: Path) -> None:
    """Several evaluations need --out, and the summary has a line for each paradigm and run."""
    for seed in (0, 1):
        write_evaluation(tmp_path / f"seed-{seed}", [TOGETHER], steps=(0, 400, 800, 2000), seed=seed)
    out = ("--out", tmp_path / "report", "--permutations", 19, "--bootstrap", 10)
    answer = exposure("report", tmp_path / "seed-0", tmp_path / "seed-1", *out)
    assert answer.status == 0
    lines = [line.split()[:2] for line in answer.out.splitlines() if TOGETHER.uid in line]
    assert lines[:2] == [["seed-0", TOGETHER.uid], ["seed-1", TOGETHER.uid]]


def test_a_median_needs_all_runs() -> None:
    """The median curve stands where every run has a checkpoint, and a value."""
    steps, values = median_curve([
        (np.array([0, 10, 20, 30]), np.array([0.5, 0.6, 0.7, np.nan])),
        (np.array([10, 20, 30]), np.array([0.7, 0.9, 0.9])),
        (np.array([10, 20, 30, 40]), np.array([0.8, 0.8, 0.8, 0.8])),
    ])  # fmt: skip
    assert steps.tolist() == [10, 20, 30]
    assert values.tolist()[:2] == [0.7, 0.8]
    assert np.isnan(values[2])


def test_figures_do_not_depend_on_what_stands_beside(tmp_path: Path) -> None:
    """A run has the same lags alone and beside another."""
    write_evaluation(tmp_path / "a", PLANTS)
    write_evaluation(tmp_path / "b", PLANTS, seed=1)
    report_on(tmp_path / "alone", tmp_path / "a", request=QUICK)
    report_on(tmp_path / "both", tmp_path / "a", tmp_path / "b", request=QUICK)
    both = rows_of(tmp_path / "both" / "lags.csv")
    assert [row for row in both if row["evaluation"] == both[0]["evaluation"]] == rows_of(
        tmp_path / "alone" / "lags.csv"
    )


def test_the_same_run_twice_is_refused(tmp_path: Path) -> None:
    """By its folder, by another way to it, and by its weights: one run is no two."""
    write_evaluation(tmp_path / "a", [TOGETHER], steps=(0, 500, 2000))
    (tmp_path / "elsewhere").mkdir()
    write_evaluation(tmp_path / "elsewhere" / "a", [TOGETHER], steps=(0, 500, 2000))
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for other in (tmp_path / "a", tmp_path / "link"):
        with pytest.raises(EvaluationError, match="is given twice"):
            report_on(tmp_path / "report", tmp_path / "a", other)
    with pytest.raises(EvaluationError, match="same weights at the same steps"):
        report_on(tmp_path / "report", tmp_path / "a", tmp_path / "elsewhere" / "a")


def test_small_curves_show_runs_thin_and_their_median(folder: Path) -> None:
    """In the grid, too, each run is thin and the median is not."""
    cells = [one for one in Page.read(folder).root.iter("a") if "cell" in one.get("class", "").split()]
    cell = next(one for one in cells if words(one).startswith(DELAYED.uid))
    assert [len(with_class(cell, kind, "train")) for kind in ("thin", "curve")] == [3, 1]
    assert "p < .05 in 3 of 3 runs" in words(cell)
