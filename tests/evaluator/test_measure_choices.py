"""What a request says of its measures, by the shell and over REST, is what the measures are told."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shell import exposure

import evaluator.job
import evaluator.request_flow
from evaluator.job_spec import EvaluationSpec
from evaluator.measures.attention.attention_to_context import AttentionSpec
from evaluator.measures.measure_options import MeasureOptions
from evaluator.request_flow import EvaluationInputs
from exposure.api.requests import EvaluationRequest
from exposure.child_lines import ChildLines
from exposure.errors import EvaluationError
from exposure.splits import SplitRequest

WORDS: dict[str, tuple[object, ...]] = {
    "positions": ("--position", "critical", "--position", "last-token"),
    "raw_states": ("--raw-states",),
    "attention_side": ("--attention-side", "bad"),
    "attention_tokens": ("--attention-tokens", "mean"),
    "attention_control": ("--attention-control", "same-query"),
    "sides": ("--sides", "both"),
    "split_at_step": ("--at-step", 17),
    "icl_rows": ("--icl-rows", 9),
    "icl_tokens": ("--icl-tokens", 5, 40),
}
READERS = {
    "positions": "concept-vectors",
    "raw_states": "concept-vectors",
    "attention_side": "attention",
    "attention_tokens": "attention",
    "attention_control": "attention",
    "sides": "attention",
    "split_at_step": "concept-vectors",
    "icl_rows": "icl",
    "icl_tokens": "icl",
}
"""A measure that reads it."""
ASKED: dict[str, object] = {
    "positions": ["critical", "last-token"],
    "raw_states": True,
    "attention_side": "bad",
    "attention_tokens": "mean",
    "attention_control": "same-query",
    "sides": "both",
    "split_at_step": 17,
    "icl_rows": 9,
    "icl_tokens": [5, 40],
}
TOLD: dict[str, dict[str, Any]] = {
    "positions": {"positions": ("critical", "last-token")},
    "raw_states": {"raw_states": True},
    "attention_side": {"attention": AttentionSpec(side="bad")},
    "attention_tokens": {"attention": AttentionSpec(tokens="mean")},
    "attention_control": {"attention": AttentionSpec(control="same-query")},
    "sides": {"split": SplitRequest("window", None, "both")},
    "split_at_step": {"split": SplitRequest("window", 17)},
    "icl_rows": {"icl_rows": 9},
    "icl_tokens": {"icl_tokens": (5, 40)},
}


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[MeasureOptions]:
    """What reaches the one function that the shell and jobs evaluate by; nothing is evaluated."""
    found: list[MeasureOptions] = []

    def evaluate_inputs(inputs: EvaluationInputs, *_: object) -> None:
        found.append(replace(inputs.request.measure_options, text=()))
        raise EvaluationError("That was all.")

    for module in (evaluator.request_flow, evaluator.job):
        monkeypatch.setattr(module, "evaluate_inputs", evaluate_inputs)
    return found


def answered(folder: Path, *words: object) -> str:
    """What the shell says."""
    (folder / "pairs.jsonl").touch()
    return exposure("evaluate", folder, "--pairs", folder / "pairs.jsonl", "--out", folder / "e", *words).err


def by_shell(folder: Path, *words: object, measures: str = "minimal-pairs") -> None:
    """With a text where one must be given."""
    text = ("--text", folder / "pairs.jsonl") if "icl" in measures else ()
    assert "That was all." in answered(folder, *words, "--measures", measures, *text)


def by_job(folder: Path, **asked: object) -> None:
    document = {
        "name": "e",
        "checkpoints": {"root": "models", "path": "tiny"},
        "pair_set": "0" * 40,
        "device": "cpu",
        "timeline": "t",
        **asked,
    }
    request = EvaluationRequest.model_validate_json(json.dumps(document))
    place, locks = folder / "pairs.jsonl", folder / "locks"
    spec = EvaluationSpec(
        request=request, checkpoints="c", pairs=place, timeline=folder / "t", out=folder / "e", locks=locks
    )
    lines = ChildLines(os.open(folder / "lines", os.O_WRONLY | os.O_CREAT))
    with contextlib.closing(lines), pytest.raises(EvaluationError, match="That was all"):
        evaluator.job.evaluate_and_measure(spec, lines)


@pytest.mark.parametrize("name", TOLD)
def test_every_choice_reaches_the_measures_and_no_other_changes(
    name: str, heard: list[MeasureOptions], tmp_path: Path
) -> None:
    """By the shell and by a job, each alone."""
    by_shell(tmp_path, *WORDS[name], measures=READERS[name])
    by_job(tmp_path, **{name: ASKED[name]})
    assert heard == [MeasureOptions(**TOLD[name])] * 2


def test_nothing_chosen_is_the_default_and_everything_chosen_is_all_of_it(
    heard: list[MeasureOptions], tmp_path: Path
) -> None:
    """Both ways of asking have the same defaults."""
    by_shell(tmp_path)
    by_job(tmp_path)
    by_shell(tmp_path, *(word for words in WORDS.values() for word in words), measures="icl,attention,concept-vectors")
    by_job(tmp_path, **ASKED)
    everything = MeasureOptions(
        icl_rows=9,
        icl_tokens=(5, 40),
        positions=("critical", "last-token"),
        raw_states=True,
        attention=AttentionSpec("bad", "mean", "same-query"),
        split=SplitRequest("window", 17, "both"),
    )
    assert heard == [MeasureOptions()] * 2 + [everything] * 2


@pytest.mark.parametrize("name", WORDS)
def test_a_choice_that_no_measure_reads_is_refused_by_the_shell(
    name: str, heard: list[MeasureOptions], tmp_path: Path
) -> None:
    """By its name and the measure's, also where it says what is the default; others are none that read it."""
    readers = {"concept-vectors", "attention"} if name in ("sides", "split_at_step") else {READERS[name]}
    others = ",".join({"concept-vectors", "attention", "copying"} - readers)
    said = answered(tmp_path, *WORDS[name], "--measures", others)
    assert f"{WORDS[name][0]} is read by" in said
    assert all(reader in said for reader in readers)
    assert heard == []


def test_a_default_that_is_spelt_out_is_refused_too(heard: list[MeasureOptions], tmp_path: Path) -> None:
    """Whoever gives it expects something of it."""
    assert "--attention-side is read by the measure attention alone" in answered(tmp_path, "--attention-side", "good")
    assert heard == []
