"""The section "Runs compared" and its tables: what was stored with evaluations, side by side, on page and in files."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from planted_runs import COPY, STEPS, Planted, keep_run, planted_run
from report_pages import Page, colliding, report_on, rows_of, table, with_class, words
from synthetic_evaluations import TOGETHER, Plant, write_evaluation

from evaluator.compared.compared_run import ComparedRun
from evaluator.report.terminal import summary

PAIRS = Plant("prompt_agreement", 20, 20)
RUNS = [
    *(planted_run(f"b{batch}", Planted(1000), batch_sequences=batch) for batch in (16, 32, 64)),
    planted_run("dropout", Planted(700, 0.95), attention_dropout=0.1),
    planted_run("odd", Planted(700), convention="copy test: <other>"),
]


def evaluated(place: Path, runs: list[ComparedRun]) -> list[Path]:
    """An evaluation of each, with its measures."""
    for seed, run in enumerate(runs):
        steps = sorted(set(run.measured["step"].to_pylist()))
        keep_run(write_evaluation(place / run.name, [PAIRS], steps, seed=seed, with_exposures=False), run)
    return [place / run.name for run in runs]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Evaluations of runs whose copying comes at the same update, one with dropout, one measured otherwise."""
    return evaluated(tmp_path_factory.mktemp("compared"), RUNS)


@pytest.fixture(scope="module")
def folder(paths: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on them."""
    report_on(place := tmp_path_factory.mktemp("report"), *paths)
    return place


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    """Its page."""
    return Page.read(folder)


def test_the_finding_is_what_was_planted(page: Page) -> None:
    """α near 1 over the three batches, dropout against the one plain run of its size, and what is not compared."""
    section = page.section("compared")
    found = {words(one.find("b")): words(one.find("span")) for one in section.iter("li")}
    alpha = found["α of copying random tokens"]
    assert "over 3 runs of 3 sizes (b16, b32 and b64)" in alpha
    assert "1 (the same number of updates) at 0" in alpha
    assert "dropout" not in alpha
    assert "Copying random tokens: dropout: two sizes (batch × context) at least are needed" in words(section)
    regularised = found["Regularised: Copying random tokens"]
    assert regularised.startswith("With attention dropout 0.1 at step 2,000 .950, without .900 (1 against 1 run)")
    assert "with no interval over seeds" in regularised
    assert "Copying random tokens: odd is not compared; it was measured otherwise: copy test: <other>." in words(
        section
    )
    assert "The runs differ in batch and attention dropout." in words(section)
    assert "For context only: COPY" in words(section)


def test_the_section_is_reached_from_the_top(page: Page) -> None:
    """The list of contents leads to it."""
    assert "#compared" in [one.get("href") for one in page.root.iter("a")]


def test_each_run_is_one_line_over_steps_and_over_tokens(page: Page) -> None:
    """Four runs measured alike: four lines in each figure, on linear and log axes; heads have all five."""
    drawn = [one for one in page.section("compared").iter("svg") if "plot" in one.get("class", "")]
    by_title = {one.get("aria-label"): one for one in drawn}
    for across in ("training step", "tokens"):
        assert len(with_class(by_title[f"Copying random tokens by {across}, 4 runs"], "curve", "run")) == 4
        assert len(with_class(by_title[f"Strongest induction score by {across}, 5 runs"], "curve", "run")) == 5
    assert len(drawn) == 3 * 4 + 3  # three quantities, steps and tokens, linear and log; an exponent each
    assert not [pair for one in drawn for pair in colliding(one)]


def test_curves_in_the_file_are_what_was_stored(folder: Path) -> None:
    """Every checkpoint of every run that is compared, with tokens as steps × batch × context."""
    rows = [row for row in rows_of(folder / "copy_curves.csv") if row["measure"] == "copying-tokens"]
    assert {row["evaluation"] for row in rows} == {"b16", "b32", "b64", "dropout"}
    of_16 = [row for row in rows if row["evaluation"] == "b16"]
    assert [int(row["step"]) for row in of_16] == list(STEPS)
    assert [int(row["tokens"]) for row in of_16] == [step * 16 * 256 for step in STEPS]
    expected = [round(Planted(1000).copied(step) * 5000) / 5000 for step in STEPS]
    assert [float(row["value"]) for row in of_16] == pytest.approx(expected)
    assert {row["convention"] for row in rows} == {COPY}
    heads = [row for row in rows_of(folder / "copy_curves.csv") if row["measure"] == "induction"]
    assert (heads[-1]["layer"], heads[-1]["head"]) == ("1", "0")


def test_first_steps_on_the_page_are_those_of_the_file(page: Page, folder: Path) -> None:
    """Each cell of the table of first steps is a row of runs.csv, with its settings."""
    rows = [row for row in rows_of(folder / "runs.csv") if row["measure"] == "copying-tokens" and not row["left_out"]]
    shown = table(page.section("compared"), "Copying random tokens: first steps")
    for name, *cells in shown:
        mine = sorted((row for row in rows if row["evaluation"] == name), key=lambda row: float(row["threshold"]))
        steps = [f"{int(row['after_step']):,}–{int(row['first_step']):,}" for row in mine]
        assert [cell[: len(text)] for cell, text in zip(cells, steps, strict=True)] == steps
        size = int(mine[0]["batch_sequences"]) * 256
        assert [int(row["first_tokens"]) for row in mine] == [int(row["first_step"]) * size for row in mine]
        assert [int(row["after_tokens"]) for row in mine] == [int(row["after_step"]) * size for row in mine]
        assert {row["batch_sequences"] for row in mine} == {"32" if name == "dropout" else name[1:]}
    odd = [row for row in rows_of(folder / "runs.csv") if row["left_out"]]
    assert {row["evaluation"] for row in odd} == {"odd"}


def test_exponents_and_differences_are_in_files(folder: Path) -> None:
    """α excludes 0 but not 1 in at least one θ, as on the page; refused ones have their reason; dropout its step."""
    rows = rows_of(folder / "exponents.csv")
    told = [row for row in rows if row["measure"] == "copying-tokens" and row["estimate"]]
    assert len(told) == 6
    assert all(json.loads(row["evaluations"]) == ["b16", "b32", "b64"] for row in told)
    assert all(row["excludes_updates"] == "false" for row in told)
    refused = [row for row in rows if json.loads(row["evaluations"]) == ["dropout"]]
    assert refused
    assert all("two sizes" in row["reason"] for row in refused)
    last = [row for row in rows_of(folder / "regularised.csv") if row["step"] == "2000"]
    over = {row["measure"]: row["difference_over"] for row in last}
    assert over == {"copying-tokens": "queries", "copying-hex": "queries", "induction": ""}
    assert float(last[0]["difference"]) == pytest.approx(0.05)
    assert len(rows_of(folder / "layer_order.csv")) == 2 * 5 * (5 + 1)


def test_tables_say_how_they_were_made(folder: Path) -> None:
    """The provenance of each names the evaluations with their training, and the sweep of θ; CSV and Parquet agree."""
    for name in ("runs", "copy_curves", "exponents", "regularised", "layer_order"):
        held = pq.read_table(folder / f"{name}.parquet")
        assert held.num_rows == len(rows_of(folder / f"{name}.csv")) > 0
        made = json.loads(held.schema.metadata[b"exposure"])
        assert made["compared"]["thresholds"]["copying-tokens"][0] == 0.05
        assert made["evaluations"][0]["manifest"]["training"]["batch_sequences"] == 16
    listed = json.loads((folder / "files.json").read_text())["files"]
    assert {"runs.csv", "copy_curves.parquet"} <= set(listed)


def test_the_shell_says_the_same_sentences(paths: list[Path], tmp_path: Path) -> None:
    """The summary ends with what is compared."""
    report = report_on(tmp_path / "report", *paths[:3])
    text = " ".join(summary(report).split())
    assert "α of copying random tokens: α = " in text
    assert "No two runs differ in attention dropout, or in weight decay, alone" in text


def test_one_evaluation_has_no_such_section_and_leaves_no_table_of_others(paths: list[Path], tmp_path: Path) -> None:
    """A report on one run has no comparison, and where a report on several was, its tables go."""
    report_on(tmp_path / "report", *paths[:2])
    assert (tmp_path / "report" / "runs.csv").exists()
    report_on(tmp_path / "report", paths[0])
    assert Page.read(tmp_path / "report").section("compared") is None
    assert not (tmp_path / "report" / "runs.csv").exists()
    assert not (tmp_path / "report" / "exponents.parquet").exists()


def test_runs_of_which_nothing_is_known_are_drawn_over_steps_alone(tmp_path: Path) -> None:
    """Without batch and context there are no tokens, and the page says that these are not known."""
    unknown = dict.fromkeys(["batch_sequences", "sequence_length", "attention_dropout"])
    runs = [planted_run(f"r{seed}", Planted(900), (0, 500, 1000), **unknown) for seed in range(2)]
    report_on(tmp_path / "report", *evaluated(tmp_path, runs))
    section = Page.read(tmp_path / "report").section("compared")
    titles = [one.get("aria-label", "") for one in section.iter("svg")]
    assert not [title for title in titles if "by tokens" in title]
    assert "batch or context of r0, r1 is not known" in words(section)
    assert "not known" in [cell for row in table(section, "How the runs were trained") for cell in row]


def test_the_same_runs_give_the_same_bytes(paths: list[Path], tmp_path: Path) -> None:
    """Page and tables, made twice."""
    for name in ("one", "two"):
        report_on(tmp_path / name, *paths[:2])
    for one in sorted((tmp_path / "one").iterdir()):
        assert one.read_bytes() == (tmp_path / "two" / one.name).read_bytes(), one.name


def test_evaluations_without_measures_are_reported_as_before(tmp_path: Path) -> None:
    """Two runs of minimal pairs alone have no comparison of what was not measured."""
    for seed in (0, 1):
        write_evaluation(tmp_path / f"s{seed}", [TOGETHER], (0, 1000), seed=seed, with_exposures=False)
    report = report_on(tmp_path / "report", tmp_path / "s0", tmp_path / "s1")
    assert report.compared is None
