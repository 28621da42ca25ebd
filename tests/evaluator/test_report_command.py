"""`exposure report` on the shell: a summary that people can read, and sentences where it cannot be made."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from shell import assert_sentence, environment, exposure
from synthetic_evaluations import PLANTS, Plant, write_evaluation

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.commands.report import command
from evaluator.report.accuracy_rows import AccuracyRow
from evaluator.report.lag_rows import LagRow
from evaluator.report.other_rows import CheckpointRow, FunnelLine
from evaluator.report.paradigm_rows import ParadigmRow
from evaluator.report.since_rows import SinceRow
from evaluator.report.split_rows import SplitRow

QUICK = ("--permutations", 199, "--bootstrap", 60)
BROKEN = CheckpointRecord(step=2200, source="step-2200", status="broken", reason="model.safetensors ends too early")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation with something of everything."""
    plants = (*PLANTS, Plant("few_exposed", 20, 400), Plant("no_phrase_here", 0, 0, no_phrase=300))
    return write_evaluation(tmp_path_factory.mktemp("command") / "evaluation", plants, others=[BROKEN]).path


@pytest.fixture(scope="module")
def printed(evaluation: Path) -> str:
    """What the command says of it."""
    answer = exposure("report", evaluation, *QUICK)
    assert answer.status == 0, answer
    return answer.out


def test_the_summary_names_what_was_evaluated(printed: str, evaluation: Path) -> None:
    """The series, what became of its checkpoints and why, and the overall accuracy at both ends."""
    assert "synthetic series, 2,520 pairs, convention exposure, float32" in printed
    assert "18 scored, 1 broken; steps 0 … 2,000" in printed
    assert "step 2,200 broken: model.safetensors ends too early" in printed
    assert re.search(r"overall accuracy \(mean over paradigms\): \.5\d\d → \.8\d\d", printed)
    assert str(evaluation / "report") in printed.splitlines()[-1]


def test_each_paradigm_has_a_line_and_no_lag_without_its_null(printed: str) -> None:
    """What is eligible comes first, the planted delay is starred, and why the rest is not stands on its line."""
    lines = printed.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("─"))
    rows = {line.split()[0]: line for line in lines[start + 1 : start + 6]}
    names = list(rows)
    assert names[0] == "delayed_agreement"
    assert names[3:] == ["few_exposed", "no_phrase_here"]
    # Lag, its interval, its null, both of two ends, and both p, by half-rise and at the threshold.
    ends = r"\s+[−+]?\d+\s…\s[−+]?\d+"
    lag = rf"\s+\+\d+\*{ends}{ends}\s+\S+ / \S+"
    assert re.search(rf"300 / 300\s+\.9\d\d / \.9\d\d{lag}{lag}", rows["delayed_agreement"])
    assert "*" not in rows["prompt_agreement"] + rows["island_never"] + rows["few_exposed"]
    assert "fewer than 100 pairs in one part (20 / 400)" in rows["few_exposed"]
    assert "no critical phrase (300 no phrase)" in rows["no_phrase_here"]
    assert "in 1 of the 3 eligible paradigms: delayed_agreement." in printed.replace("\n", " ")


def test_machines_get_rows_only(evaluation: Path, tmp_path: Path) -> None:
    """As JSON lines and CSV standard output holds the same rows and nothing else."""
    lines = exposure("report", evaluation, *QUICK, "--out", tmp_path / "a", "--format", "jsonl").out.splitlines()
    rows = [json.loads(line) for line in lines]
    text = exposure("report", evaluation, *QUICK, "--out", tmp_path / "b", "--format", "csv").out
    assert rows[0]["paradigm"] == "delayed_agreement"
    assert list(csv.DictReader(io.StringIO(text))) == rows


FORBIDDEN = ("torch", "transformers", "duckdb", "fastapi", "zstandard", "isal", "ahocorasick", "numba")


def test_neither_torch_nor_duckdb_is_needed(evaluation: Path, tmp_path: Path) -> None:
    """A machine with nothing but numpy, pyarrow, pydantic and click can report."""
    program = (
        "import sys\n"
        f"for name in {FORBIDDEN}: sys.modules[name] = None\n"
        f"sys.argv = ['exposure', 'report', {str(evaluation)!r}, '--permutations', '19', '--bootstrap', '10', "
        f"'--out', {str(tmp_path / 'report')!r}]\n"
        "from exposure.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment(), timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report" / "report.html").exists()


def test_thresholds_can_be_chosen(evaluation: Path, tmp_path: Path) -> None:
    """The first threshold is the one that is named; .80 is measured besides, for EXP's funnel."""
    out = tmp_path / "report"
    answer = exposure("report", evaluation, *QUICK, "--threshold", 0.7, "--threshold", 0.9, "--out", out)
    assert "at τ = .70" in answer.out.replace("\N{NO-BREAK SPACE}", " ")
    with (out / "lags.csv").open(encoding="utf-8", newline="") as file:
        assert {row["threshold"] for row in csv.DictReader(file)} == {"", "0.7", "0.8", "0.9"}
    assert "lag at τ = .70" in (out / "report.html").read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")


def test_seen_by_is_told_without_lags(evaluation: Path, tmp_path: Path) -> None:
    """Under seen-by the summary shows cohorts, and says why there is no lag."""
    answer = exposure("report", evaluation, *QUICK, "--policy", "seen-by", "--out", tmp_path / "report")
    assert "Sets that grow have no lag." in answer.out
    header = next(line for line in answer.out.splitlines() if line.startswith("paradigm"))
    assert header.split() == ["paradigm", "pairs", "accuracy", "cohort", "since", "never", "flags"]


def test_what_cannot_be_reported_is_a_sentence(evaluation: Path, tmp_path: Path) -> None:
    """No evaluation, a wrong paradigm, convention or folder: each refused with what to do."""
    missing = exposure("report", tmp_path / "nothing")
    assert_sentence(missing)
    assert "holds no evaluation" in missing.err
    itself = exposure("report", evaluation, "--out", evaluation)
    assert_sentence(itself)
    assert "is the evaluation itself" in itself.err
    inside = exposure("report", evaluation, "--out", evaluation / "scores" / "report")
    assert_sentence(inside)
    unknown = exposure("report", evaluation, "--uid", "nothing")
    assert_sentence(unknown)
    assert "has no such paradigm" in unknown.err
    convention = exposure("report", evaluation, "--convention", "minicons")
    assert_sentence(convention)
    assert "it can answer exposure" in convention.err
    assert "Evaluate" not in convention.err.split("Stored: exposure")[0]
    made_up = exposure("report", evaluation, "--convention", "nope")
    assert_sentence(made_up)
    assert "Stored: exposure" in made_up.err
    assert "--preset nope" not in made_up.err
    twice = exposure("report", evaluation, evaluation, "--out", tmp_path / "twice")
    assert_sentence(twice)
    assert "is given twice" in twice.err
    several = exposure("report", evaluation, evaluation)
    assert_sentence(several)
    assert "give --out" in several.err
    (tmp_path / "file").write_text("", encoding="utf-8")
    blocked = exposure("report", evaluation, *QUICK, "--out", tmp_path / "file" / "report")
    assert_sentence(blocked)
    for threshold in ("0", "1.0", "1.5"):
        assert_sentence(exposure("report", evaluation, "--threshold", threshold), status=2)


def test_a_step_beyond_the_run_is_said(evaluation: Path, tmp_path: Path) -> None:
    """As by `exposure split`: on standard error, that what was not found is unknown there."""
    answer = exposure("report", evaluation, *QUICK, "--at-step", 9000, "--out", tmp_path / "report")
    assert answer.status == 0
    assert "Step 9,000 lies beyond the run's" in answer.err


def test_an_evaluation_without_scores_is_a_sentence(tmp_path: Path) -> None:
    """Where no checkpoint was scored there is nothing to report, and the error says how to go on."""
    write_evaluation(tmp_path / "evaluation", PLANTS, steps=(0,)).keep_checkpoints([BROKEN])
    answer = exposure("report", tmp_path / "evaluation")
    assert_sentence(answer)
    assert "has no scored checkpoint yet" in answer.err


def test_every_option_and_column_is_documented() -> None:
    """docs/reports.md names every option of the command and every column of the files."""
    text = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    for option in command.params:
        if option.opts[0].startswith("--") and option.name != "help":
            assert f"`{option.opts[0]}" in text, option.opts[0]
    for kind in (AccuracyRow, LagRow, ParadigmRow, SinceRow, SplitRow, CheckpointRow, FunnelLine):
        for column in (one.name for one in fields(kind)):
            prefix = next((name for name in FAMILIES if column.startswith(name) and kind is LagRow), None)
            named = column if prefix is None else column.removeprefix(prefix)
            assert f"`{named}`" in text, (kind.__name__, column)
            assert prefix is None or f"`{prefix}*`" in text


FAMILIES = ("within_lemma_", "random_split_", "train_", "validation_")
