"""The sub-commands that ask and that publish: the same answers in every format, and what stands beside them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import chaos
import generations
import pyarrow.parquet as pq
import pytest
import worlds
from shell import assert_sentence, exposure
from training_runs import TrainingRun

from exposure.commands.options import lines_of
from exposure.errors import UsageError
from exposure.phrases import Phrase, PhraseSet
from exposure.timeline import Timeline
from indexer.run import IndexOptions, index_corpus


def seen_phrase() -> str:
    """A phrase that the small world shows more than once."""
    found = generations.read(worlds.timeline())
    counts = {phrase.text: one.count for phrase, one in found.items() if not phrase.gap}
    return max(sorted(counts), key=lambda text: counts[text])


def asked(name: str) -> list[object]:
    """A question with an answer, without its format."""
    questions: dict[str, list[object]] = {
        "first-seen": ["first-seen", worlds.timeline(), seen_phrase(), "zebra", worlds.phrases().phrases[0].text],
        "first-seen at a step": ["first-seen", worlds.timeline(), seen_phrase(), "zebra", "--at-step", 10],
        "history": ["history", worlds.timeline(), seen_phrase()],
        "history at steps": ["history", worlds.timeline(), seen_phrase(), "--at-step", 5, "--at-step", 2],
        "coverage": ["coverage", worlds.timeline()],
        "context": ["context", worlds.timeline(), seen_phrase()],
        "batch": ["batch", worlds.manifest(), "--step", 3],
        "one sequence": ["batch", worlds.manifest(), "--step", 3, "--sequence", 7],
        "show": ["run", "show", worlds.manifest()],
    }
    return questions[name]


QUESTIONS = ("first-seen", "first-seen at a step", "history", "history at steps", "coverage", "context", "batch",
             "one sequence", "show")  # fmt: skip


def as_csv(value: Any) -> str:
    """A JSON value as csv has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


@pytest.mark.parametrize("name", QUESTIONS)
def test_machines_get_the_same_in_every_format(tmp_path: Path, name: str) -> None:
    """jsonl, csv and parquet hold the same fields and values; --out writes what standard output would have had."""
    question = asked(name)
    as_json, as_text = (exposure(*question, "--format", format_) for format_ in ("jsonl", "csv"))
    rows = [json.loads(line) for line in as_json.out.splitlines()]
    assert rows
    assert as_json.status == as_text.status == 0
    read = list(csv.DictReader(io.StringIO(as_text.out, newline="")))
    assert read == [{key: as_csv(value) for key, value in row.items()} for row in rows]
    assert exposure(*question, "--format", "parquet", "--out", tmp_path / "a.parquet").out == ""
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == rows
    for format_, said in (("jsonl", as_json.out), ("csv", as_text.out), ("table", exposure(*question).out)):
        (tmp_path / "out").write_text("something old and much longer than needed" * 9)
        assert exposure(*question, "--format", format_, "--out", tmp_path / "out").out == ""
        assert (tmp_path / "out").read_bytes().decode() == said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "out"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_people_get_a_line_for_each_answer(name: str) -> None:
    """The table has a head, a rule and one line for each answer; of `run show` one for each fact."""
    lines = exposure(*asked(name)).out.splitlines()
    rows = [json.loads(line) for line in exposure(*asked(name), "--format", "jsonl").out.splitlines()]
    assert set(lines[1]) == {"─", " "}
    assert len(lines) - 2 == (len(rows[0]) if name == "show" else len(rows))


def test_first_seen_is_what_the_timeline_answers(tmp_path: Path) -> None:
    """Phrases from the command line and from a file, in that order, blank lines and a byte order mark left out."""
    texts = [phrase.text for phrase in worlds.phrases()]
    (tmp_path / "asked.txt").write_text("\ufeff" + "\n\n".join(texts[1:]) + "\n \n", encoding="utf-8")
    for step in (None, 0, 20):
        options = [] if step is None else ["--at-step", step]
        said = exposure(
            "first-seen", worlds.timeline(), texts[0], "--file", tmp_path / "asked.txt", "--format", "jsonl", *options
        )
        with Timeline.open(worlds.timeline()) as timeline:
            assert [json.loads(line) for line in said.out.splitlines()] == [
                asdict(answer) for answer in timeline.first_seen(texts, step)
            ]
        assert (said.status, said.err) == (0, "")


def columns(*question: object) -> list[str]:
    """The head of a printed table."""
    return exposure(*question).out.splitlines()[0].split()


def test_columns_that_say_nothing_are_not_shown() -> None:
    """gap and anchor stand in the table where a phrase has one, count_high where it differs from count."""
    plain = ["phrase", "status", "first_batch", "first_step", "first_exact", "sequence", "token", "document", "count"]
    found = generations.read(worlds.timeline())
    gap = next(phrase.text for phrase in found if phrase.gap)
    anchored = next(phrase.text for phrase in found if phrase.sentence_end)
    assert columns("first-seen", worlds.timeline(), seen_phrase()) == plain
    assert columns("first-seen", worlds.timeline(), seen_phrase(), gap) == [*plain, "gap"]
    assert columns("first-seen", worlds.timeline(), gap, anchored) == [*plain, "gap", "anchor"]
    assert columns("first-seen", worlds.timeline(), seen_phrase(), "--at-step", 99999) == [*plain, "count_high"]
    assert columns("history", worlds.timeline(), anchored)[-1] == "anchor"
    assert columns("history", worlds.timeline(), seen_phrase())[-1] == "exact"


def test_lines_of_a_file_are_its_phrases(tmp_path: Path) -> None:
    """Line ends of every kind of machine; what cannot be read is refused."""
    (tmp_path / "a.txt").write_bytes("eins\r\nzwei \n\n\t\ndreí".encode())
    assert lines_of(tmp_path / "a.txt") == ["eins", "zwei ", "dreí"]
    (tmp_path / "b.txt").write_bytes("dreí".encode("latin-1"))
    for name in ("b.txt", "none", "."):
        with pytest.raises(UsageError, match="cannot be read"):
            lines_of(tmp_path / name)


SmallRun = tuple[TrainingRun, Path, Path]


@pytest.fixture
def small_run(tmp_path: Path) -> SmallRun:
    """A run of three plain shards; its manifest; a phrase list."""
    records = [{"id": f"d{i}", "text": f"the cat sees these {'dogs' if i % 3 else 'birds'}"} for i in range(9)]
    shards = tuple(chaos.write_shard(tmp_path / f"s{n}.jsonl", records[3 * n : 3 * n + 3]) for n in range(3))
    (tmp_path / "list.txt").write_text("these dogs\nthese birds\nthese cows\n")
    phrases = exposure("phrases", tmp_path / "list.txt", "-o", tmp_path / "phrases.parquet")
    assert phrases.status == 0
    run = TrainingRun(shards, batch=2)
    return run, run.manifest(tmp_path), tmp_path / "phrases.parquet"


def test_index_says_what_it_did_and_what_is_missing(small_run: SmallRun, tmp_path: Path) -> None:
    """Status 3 and each missing shard once, however many groups miss it; afterwards status 0 and nothing to scan."""
    run, manifest, phrases = small_run
    command = ["index", "--run", manifest, "--phrases", phrases, "--out", tmp_path / "t"]
    (tmp_path / "more.txt").write_text("the cat\n")
    exposure("phrases", tmp_path / "more.txt", "-o", tmp_path / "more.parquet")
    away = run.shards[1].rename(tmp_path / "away")
    first = exposure(*command)
    assert (first.status, first.out) == (3, "")
    assert "3 phrases, 2 of 3 units scanned now" in first.err
    both = exposure(*command, "--phrases", tmp_path / "more.parquet")
    assert (both.status, both.err.count("hole in coverage")) == (3, 1)
    assert "4 phrases, 2 of 6 units scanned now" in both.err
    assert str(run.shards[1]) in both.err
    away.rename(run.shards[1])
    assert exposure(*command, "--phrases", tmp_path / "more.parquet").status == 0
    again = exposure(*command)
    assert again.status == 0
    assert "0 of 3 units scanned now" in again.err
    assert "hole" not in again.err


def test_nothing_scanned_is_an_error_and_not_a_timeline(small_run: SmallRun, tmp_path: Path) -> None:
    """When no shard can be read nothing is published, and the first reason is told."""
    run, manifest, phrases = small_run
    for shard in run.shards:
        shard.unlink()
    answer = exposure("index", "--run", manifest, "--phrases", phrases, "--out", tmp_path / "t")
    assert_sentence(answer)
    assert "No shard could be scanned" in answer.err
    assert str(run.shards[0]) in answer.err
    assert_sentence(exposure("coverage", tmp_path / "t"))


def test_publish_brings_back_what_was_scanned(small_run: SmallRun, tmp_path: Path) -> None:
    """With generations and CURRENT gone, and the corpus too, `publish` makes the same generation from the segments."""
    run, manifest, phrases = small_run
    timeline = tmp_path / "t"
    exposure("index", "--run", manifest, "--phrases", phrases, "--out", timeline)
    before = generations.logical_digest(timeline)
    shutil.rmtree(timeline / "generations")
    (timeline / "generations").mkdir()
    (timeline / "CURRENT").unlink()
    for shard in run.shards:
        shard.unlink()
    assert_sentence(exposure("coverage", timeline))
    said = exposure("publish", timeline)
    assert (said.status, said.out) == (0, "")
    assert "is current" in said.err
    assert generations.logical_digest(timeline) == before


def test_publish_finds_a_moved_census(small_run: SmallRun, tmp_path: Path) -> None:
    """Without its census a timeline is not published, and --census says where it is."""
    _, manifest, phrases = small_run
    exposure("index", "--run", manifest, "--phrases", phrases, "--out", tmp_path / "t")
    (tmp_path / "census").rename(tmp_path / "moved")
    assert_sentence(exposure("publish", tmp_path / "t"))
    assert exposure("publish", tmp_path / "t", "--census", tmp_path / "moved").status == 0


def test_run_without_tokenizer_is_called_approximate(small_run: SmallRun, tmp_path: Path) -> None:
    """first-seen says it on standard error, once, and every answer carries it."""
    _, manifest, phrases = small_run
    exposure("index", "--run", manifest, "--phrases", phrases, "--out", tmp_path / "t")
    said = exposure("first-seen", tmp_path / "t", "these dogs", "--format", "jsonl")
    assert said.err.count("approximate") == 1
    assert json.loads(said.out)["exactness"] == "approximate"


def test_history_of_a_phrase_that_nobody_indexed_is_an_error(tmp_path: Path) -> None:
    """There is nothing to print, and the sentence says how to index it."""
    answer = exposure("history", worlds.timeline(), "zebra")
    assert_sentence(answer)
    assert "exposure index" in answer.err


def test_context_of_a_phrase_that_was_never_seen_is_empty() -> None:
    """An indexed phrase without exposures has an empty table, and no lines for machines."""
    never = next(phrase.text for phrase, found in generations.read(worlds.timeline()).items() if not found.count)
    assert len(exposure("context", worlds.timeline(), never).out.splitlines()) == 2
    assert exposure("context", worlds.timeline(), never, "--format", "jsonl").out == ""


def test_coverage_lists_every_group(tmp_path: Path) -> None:
    """One line for each group of phrases, complete or not."""
    run = TrainingRun(chaos.write_shards(tmp_path / "c", 2), batch=3)
    manifest = run.manifest(tmp_path)
    for texts in (["the"], ["cat", "dogs"]):
        index_corpus(manifest, PhraseSet.of(map(Phrase, texts)), tmp_path / "t", IndexOptions())
    rows = [json.loads(line) for line in exposure("coverage", tmp_path / "t", "--format", "jsonl").out.splitlines()]
    assert sorted(row["phrases"] for row in rows) == [1, 2]
    assert {(row["steps"], row["covered_through"], row["complete"]) for row in rows} == {(run.steps, run.steps, True)}
    assert [row["ranges"] for row in rows] == [[[0, run.steps]]] * 2


def test_harmed_generation_is_a_sentence_in_every_command(tmp_path: Path) -> None:
    """Blocks overwritten anywhere in the file: a right answer or a sentence, never a traceback or another answer."""
    timeline = shutil.copytree(worlds.timeline(), tmp_path / "t")
    file = generations.current(timeline)
    content = file.read_bytes()
    texts = [phrase.text for phrase in worlds.phrases()]
    questions: list[list[object]] = [
        *(["first-seen", "T", *texts], ["history", "T", texts[0]], ["coverage", "T"], ["context", "T", seen_phrase()]),
        ["split", "T", "--pairs", worlds.phrase_file()],
    ]
    right = [exposure(*(worlds.timeline() if one == "T" else one for one in question)) for question in questions]
    refused = 0
    for start in range(4096 * 3, len(content), max(len(content) // 12, 1)):
        file.write_bytes(content[:start] + b"\xa5" * 600 + content[start + 600 :])
        for question, expected in zip(questions, right, strict=True):
            answer = exposure(*(timeline if one == "T" else one for one in question))
            if answer.status == 0:
                assert answer.out == expected.out
            else:
                assert_sentence(answer)
                assert "exposure publish" in answer.err
                refused += 1
    assert refused
