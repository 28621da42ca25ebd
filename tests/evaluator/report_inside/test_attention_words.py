"""Sentences on attention say what is known, and nothing of what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from inside_measurements import PLANT, Rows, attention_rows, table_of
from report_pages import QUICK, Page, report_on, words
from synthetic_evaluations import DELAYED, write_evaluation

from evaluator.folder import EvaluationFolder
from evaluator.measured_file import Measured, measured_path, write_measured
from evaluator.report.inside.attention_found import AttentionGroup
from evaluator.report.inside.attention_words import attention_sentence
from evaluator.report.inside.found import inside_of

STEPS = (0, 100, 1500)


def group_of(rows: Rows) -> AttentionGroup:
    found = inside_of(table_of(rows), None).attention
    assert found is not None
    return found.of_paradigms[DELAYED.uid]


def without(*prefixes: str) -> Rows:
    """The planted rows, those of some measures null."""
    rows = [row for step in STEPS for row in attention_rows(PLANT, step)]
    return [(*row[:8], None, row[9], None, None, row[12]) if str(row[0]).startswith(prefixes) else row for row in rows]


def test_all_of_it_is_said() -> None:
    """The mean over heads, what rising heads gained, how concentrated that is, and the head."""
    said = attention_sentence(group_of(without("nothing"))).replace("\N{NO-BREAK SPACE}", " ")
    assert "Mean Δ over heads +.032, of its control +.001 (steps 100 → 1,500, the last)" in said
    assert "is more than their control's (.016, p = .001)" in said
    assert "This gain is more concentrated than the control's: effectively 1.1 heads, control 16.0" in said
    assert "1 head stands: 2.1 (+.480, p = .012)" in said


@pytest.mark.parametrize(
    ("prefixes", "is_said", "is_not_said"),
    [
        (("attention-control", "attention-change"), "Mean Δ over heads +.031 (steps", "control"),
        (("attention-to-context", "attention-change-mean"), "No weight is known at both checkpoints", "Mean Δ"),
        (("attention-head-frequency",), "more concentrated", "stands"),
        (("attention-change-positive-total-p",), "of its control +.001 (steps 100 → 1,500, the last). This", "rising"),
    ],
)
def test_what_is_null_is_left_out(prefixes: tuple[str, ...], is_said: str, is_not_said: str) -> None:
    """Without a control, without weights, without heads, without p."""
    said = attention_sentence(group_of(without(*prefixes)))
    assert is_said in said
    assert is_not_said not in said


@pytest.mark.parametrize("prefixes", [("attention-control", "attention-change"), ("attention-",)])
def test_the_page_stands_without_them(prefixes: tuple[str, ...], tmp_path: Path) -> None:
    """Maps, curves and tables of what cannot be said are empty, and nothing fails."""
    folder = write_evaluation(tmp_path / "evaluation", [DELAYED], steps=STEPS)
    keep(folder, without(*prefixes))
    report_on(tmp_path / "report", tmp_path / "evaluation", request=QUICK)
    assert DELAYED.uid in words(Page.read(tmp_path / "report").section("attention"))


def keep(folder: EvaluationFolder, rows: Rows) -> None:
    """Store rows of attention with the evaluation, as if another measure had given them."""
    records = folder.checkpoints
    for record in records:
        assert record.weights_sha256 is not None
        made_of = {"measure": "planted", "weights_sha256": record.weights_sha256}
        path = measured_path(folder.path, "planted/spec", record.weights_sha256)
        mine = table_of([row for row in rows if row[1] == record.step])
        write_measured(path, Measured(mine, (), made_of))
    folder.keep_checkpoints([one.model_copy(update={"measured": ("planted/spec",)}) for one in records])
