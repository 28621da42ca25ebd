"""Measures beside minimal pairs over a series of checkpoints: asked for by name, stored by weights, done once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import tiny_models
from planted_induction import planted_induction
from shell import exposure

from evaluator.measured_file import read_measured
from evaluator.measurement_file import facts_of, read_measurements
from evaluator.measures import registry
from evaluator.measures.copying.copy_samples import CopySpec
from evaluator.measures.copying.copying_measure import CopyingMeasure
from evaluator.measures.induction.induction_heads import InductionSpec
from evaluator.measures.induction.induction_measure import InductionMeasure
from evaluator.measures.induction.repeated_sequences import HALVES, OLSSON
from exposure.errors import EvaluationError
from exposure.measurement import Measurement

BROKEN, WHOLE = 0, 7
"""Steps: without the induction head, and with it."""

ASKED = ("--device", "cpu", "--threads", 1, "--measures", "copying,induction")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that learns to copy between its two checkpoints."""
    folder = tmp_path_factory.mktemp("copiers")
    special = tiny_models.tokenizer_of("llama")
    for step in (BROKEN, WHOLE):
        made = planted_induction(512, is_broken=step == BROKEN)
        tiny_models.saved(folder / f"step-{step}", made.model, special)
    return folder


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pairs") / "pairs.jsonl"
    rows = [
        {"uid": one.uid, "pair_id": one.pair_id, "sentence_good": one.sentence_good, "sentence_bad": one.sentence_bad}
        for one in tiny_models.pairs()[:6]
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module", autouse=True)
def _few_samples() -> Iterator[None]:
    """COPY's test has 500 samples, and induction 50 sequences."""
    few = (CopySpec(n_samples=2), CopySpec(generator="hex", n_samples=2))
    short = InductionSpec(replace(HALVES, sequences=4), replace(OLSSON, sequences=4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry.CHECKPOINT_MEASURES, "copying", lambda _: CopyingMeasure(few))
        patch.setitem(registry.CHECKPOINT_MEASURES, "induction", lambda _: InductionMeasure(short))
        yield


@pytest.fixture(scope="module")
def measured(models: Path, pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation with both measures, only to be read."""
    return evaluated(models, pairs, tmp_path_factory.mktemp("measured") / "e", *ASKED)


def repeating(path: Path, seed: int = 0) -> Path:
    """Documents of 60 different words, each a token, and the same once more."""
    words = [one for one in tiny_models.tokenizer_of("llama").get_vocab() if one[0] == "Ġ" and one[1:].isalpha()]
    random = Random(seed)
    halves = [" ".join(one[1:] for one in random.sample(sorted(words), 60)) for _ in range(12)]
    path.write_text("".join(json.dumps({"text": f" {half} {half}"}) + "\n" for half in halves))
    return path


def evaluated(models: Path, pairs: Path, out: Path, *asked: object, status: int = 0) -> Path:
    answer = exposure("evaluate", models, "--pairs", pairs, "--out", out, *asked)
    assert answer.status == status, answer.err
    return out


def measurements(out: Path) -> list[Measurement]:
    assert exposure("report", out, "--bootstrap", 10).status == 0
    return read_measurements(out / "measurements.parquet")


def test_what_is_planted_is_measured_at_its_step(measured: Path, tmp_path: Path) -> None:
    """Copying and its head are there at the second checkpoint and not at the first, beside the accuracies."""
    out = Path(shutil.copytree(measured, tmp_path / "e"))
    rows = measurements(out)
    copied = {(row.measure, row.step): row.value for row in rows if row.level == "overall" and "copying" in row.measure}
    assert copied[("copying-tokens", WHOLE)] == 1
    assert copied[("copying-tokens", BROKEN)] == copied[("copying-hex", BROKEN)] == 0
    heads = {(row.step, row.layer, row.head): row.value for row in rows if row.measure == "induction"}
    assert heads.pop((WHOLE, 1, 2)) > 0.9
    assert max(abs(value) for value in heads.values() if value is not None) < 0.05
    assert {row.step for row in rows if row.measure == "accuracy"} == {BROKEN, WHOLE}
    positions = [int(row.group) for row in rows if row.level == "position" and row.step == WHOLE]
    assert sorted(set(positions)) == list(range(5, 51, 5))
    made = facts_of(out / "measurements.parquet").provenance["copying-hex"]["measured"]
    assert [part["spec"]["tests"][1]["n_samples"] for part in made] == [2]


def test_nothing_is_measured_or_scored_twice(models: Path, pairs: Path, tmp_path: Path) -> None:
    """A measure that is asked for later is added to what is scored; what is damaged is measured again."""
    out = evaluated(models, pairs, tmp_path / "e", "--threads", 1)
    scores = {path: path.stat().st_mtime_ns for path in (out / "scores").rglob("*.parquet")}
    assert not (out / "measured").exists()
    evaluated(models, pairs, out, *ASKED)
    files = {path: path.stat().st_mtime_ns for path in (out / "measured").rglob("*.parquet")}
    assert len(files) == 4
    assert {path: path.stat().st_mtime_ns for path in scores} == scores
    evaluated(models, pairs, out, *ASKED)
    assert {path: path.stat().st_mtime_ns for path in files} == files
    before = {path: path.read_bytes() for path in files}
    for path in files:
        path.write_bytes(before[path][:-40] + b"\x00" * 40)
        with pytest.raises(EvaluationError, match="measured"):
            read_measured(path)
    evaluated(models, pairs, out, *ASKED)
    assert {path: path.read_bytes() for path in files} == before


def test_a_change_in_any_byte_is_found_or_without_meaning(measured: Path, tmp_path: Path) -> None:
    """Of a file of measurements, one bit flipped here and there: refused, or the very same rows."""
    path = next(Path(shutil.copytree(measured / "measured", tmp_path / "m")).glob("induction/*/*.parquet"))
    content, truth, refused = path.read_bytes(), read_measured(path), 0
    for place in range(0, len(content), max(1, len(content) // 400)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            assert read_measured(path) == truth, place
        except EvaluationError:
            refused += 1
    assert refused > 100


def test_in_context_learning_on_a_text(models: Path, pairs: Path, tmp_path: Path) -> None:
    """A copier has a loss near 0 where a document repeats itself; other text and other tokens are other numbers."""
    text, out = repeating(tmp_path / "text.jsonl"), tmp_path / "e"
    asked = ("--device", "cpu", "--threads", 1, "--measures", "icl", "--icl-tokens", 30, 100, "--text", text)
    evaluated(models, pairs, out, *asked, "--icl-rows", 12)
    rows = {(row.measure, row.step): row for row in measurements(out) if row.measure.startswith("icl-")}
    assert len(rows) == 6
    score, late = rows[("icl-score", WHOLE)], rows[("icl-late-loss", WHOLE)]
    assert score.n == 12
    assert score.high is not None
    assert score.high < -3
    assert late.value is not None
    assert late.value < 0.1
    early = rows[("icl-early-loss", WHOLE)].value
    assert score.value == pytest.approx(late.value - early)
    before = rows[("icl-score", BROKEN)]
    assert before.low < 0 < before.high
    (name,) = {path.parent.name for path in (out / "measured" / "icl").rglob("*.parquet")}
    moved = text.rename(tmp_path / "moved.ndjson")
    asked = (*asked[:-1], moved)
    evaluated(models, pairs, out, *asked, "--icl-rows", 12)
    assert [one.name for one in (out / "measured" / "icl").iterdir()] == [name]
    evaluated(models, pairs, out, *asked[:-1], repeating(tmp_path / "other.jsonl", seed=1), "--icl-rows", 12)
    assert len(list((out / "measured" / "icl").iterdir())) == 2
    made = read_measured(next((out / "measured" / "icl" / name).iterdir())).made_of["spec"]
    assert (made["early"], made["late"], made["rows"]) == (30, 100, 12)
    assert score.convention is not None
    assert made["text_sha256"][:12] in score.convention


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--measures", "icl"), "Give --text"),
        (("--text", "TEXT"), "--measures icl"),
        (("--measures", "icl", "--text", "TEXT", "--icl-tokens", 9, 9), "a later one"),
        (("--measures", "icl", "--text", "FOLDER"), "no file of text"),
    ],
)
def test_a_text_that_cannot_be_measured_is_refused_at_once(
    asked: tuple[object, ...], said: str, models: Path, pairs: Path, tmp_path: Path
) -> None:
    """Before anything is loaded or made."""
    (tmp_path / "empty").mkdir()
    places = {"TEXT": repeating(tmp_path / "text.jsonl"), "FOLDER": tmp_path / "empty"}
    words = [places.get(word, word) if isinstance(word, str) else word for word in asked]
    answer = exposure("evaluate", models, "--pairs", pairs, "--out", tmp_path / "e", *words)
    assert answer.status != 0
    assert said in answer.err
    assert not (tmp_path / "e" / "evaluation.json").exists()


def test_what_a_model_cannot_do_is_said_and_the_rest_is_measured(pairs: Path, tmp_path: Path) -> None:
    """A context of 64 tokens holds none of them: the notes say so by name, and pairs are scored all the same."""
    tiny_models.saved(tmp_path / "m" / "step-1", tiny_models.model("llama"), tiny_models.tokenizer_of("llama"))
    text = repeating(tmp_path / "text.jsonl")
    asked = (*ASKED[:-1], "copying,induction,icl", "--text", text, "--icl-tokens", 30, 100)
    out = evaluated(tmp_path / "m", pairs, tmp_path / "e", *asked, status=3)
    (record,) = json.loads((out / "checkpoints.json").read_text())
    assert record["status"] == "scored"
    said = "\n".join(record["notes"])
    assert "copying: not measured." in said
    assert "induction: not measured." in said
    assert "icl: not measured." in said
    assert "the loss at token 100 takes 100 tokens before it" in said
    assert {row.measure for row in measurements(out)} >= {"accuracy", "ties"}
    evaluated(tmp_path / "m", pairs, out, *ASKED[:-2])  # what was asked for before counts no more


def test_a_measure_that_was_made_otherwise_does_not_count(pairs: Path, tmp_path: Path) -> None:
    """Status 3 where it is refused by the options of now, though the checkpoint has it by others."""
    tiny_models.saved(tmp_path / "m" / "step-1", tiny_models.model("llama"), tiny_models.tokenizer_of("llama"))
    asked = (*ASKED[:-1], "icl", "--text", repeating(tmp_path / "text.jsonl"), "--icl-tokens")
    out = evaluated(tmp_path / "m", pairs, tmp_path / "e", *asked, 10, 40)
    evaluated(tmp_path / "m", pairs, out, *asked, 10, 100, status=3)
    evaluated(tmp_path / "m", pairs, out, *asked, 10, 40)


def test_what_is_to_be_said_twice_is_said_once(pairs: Path, tmp_path: Path) -> None:
    """A context that holds fewer copy samples: both generators have the same note."""
    made = planted_induction(512, context=256)
    tiny_models.saved(tmp_path / "m" / "step-1", made.model, tiny_models.tokenizer_of("llama"))
    out = evaluated(tmp_path / "m", pairs, tmp_path / "e", *ASKED[:-1], "copying")
    (record,) = json.loads((out / "checkpoints.json").read_text())
    assert len([note for note in record["notes"] if "The model's context holds 256 tokens" in note]) == 1
    assert len(set(record["notes"])) == len(record["notes"])


def test_a_measure_that_there_is_not_is_refused(models: Path, pairs: Path, tmp_path: Path) -> None:
    """By name, with those that there are; nothing is made."""
    answer = exposure("evaluate", models, "--pairs", pairs, "--out", tmp_path / "e", "--measures", "copying,nope")
    assert answer.status != 0
    assert "'nope'" in answer.err
    assert "copying, icl, induction, minimal-pairs" in answer.err
    assert not (tmp_path / "e").exists()
