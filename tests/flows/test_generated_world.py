"""From a generated world to answers: the truth that was planted, and the oracle for what is harder to plant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import chaos
import generations
import oracles
import pytest
import worlds
from shell import exposure
from training_runs import Expected, TrainingRun

from exposure.phrases import MatchRule, Phrase, PhraseSet
from exposure.positions import first_step
from exposure.world import World, write_world
from indexer.run import IndexOptions, index_corpus

BATCH = 32


@pytest.fixture(scope="module")
def whole_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of 1,000 documents and all 240 pairs with its phrase file, made on the command line."""
    folder = tmp_path_factory.mktemp("flow")
    assert exposure("world", folder / "world", "--documents", 1000, "--seed", 5).status == 0
    said = exposure("phrases", folder / "world" / "pairs.jsonl", "-o", folder / "phrases.parquet")
    assert said.status == 0
    return folder


def index(folder: Path, name: str, *options: object) -> Path:
    """`run init` with the options, then `index`: the timeline."""
    init = ["run", "init", "--corpus", folder / "world" / "corpus" / "*.jsonl.gz", "--batch-sequences", BATCH, *options]
    assert exposure(*init, "-o", folder / f"{name}.json").status == 0
    run = ["--run", folder / f"{name}.json", "--phrases", folder / "phrases.parquet"]
    said = exposure("index", *run, "--out", folder / name)
    assert (said.status, said.out) == (0, "")
    return folder / name


def truth_of(folder: Path) -> list[dict[str, Any]]:
    """The known answers."""
    return [json.loads(line) for line in (folder / "world" / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


def assert_answers(timeline: Path, records: list[dict[str, Any]], lists: tuple[str, ...]) -> int:
    """first-seen answers with the first, last and number of the planted exposures; how many were seen at all."""
    texts = sorted({record["phrase"] for record in records})
    (timeline / "asked.txt").write_text("\n".join(texts), encoding="utf-8")
    said = exposure("first-seen", timeline, "--file", timeline / "asked.txt", "--format", "jsonl")
    answers = {(one["phrase"], one["gap"], one["anchor"]): one for one in map(json.loads, said.out.splitlines())}
    for record in records:
        one = answers[record["phrase"], record["gap"], record["anchor"]]
        planted = [place for name in lists for place in record[name] if is_shown(place, one)]
        places = sorted(
            (place["document_index"], place["offset"], place["document"], place["form"]) for place in planted
        )
        assert (one["count"], one["count_high"]) == (len(places), len(places)), record["phrase"]
        if not places:
            assert (one["status"], one["first_batch"]) == ("never", None)
            continue
        (number, offset, document, form), last = places[0], places[-1][0] // BATCH
        told = [one[name] for name in ("status", "first_batch", "sequence", "document")]
        assert told == ["seen", number // BATCH, number % BATCH, document], record["phrase"]
        if form == "NFC" or one["exactness"] == "exact":
            assert one["document_offset"] == offset
        assert one["first_exact"] is True
        assert (one["first_step"], one["last_step"]) == (first_step(number // BATCH), first_step(last))
    return sum(bool(record[name]) for record in records for name in lists[:1])


def is_shown(place: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Without a tokenizer nothing composes what is stored decomposed: there only plain letters are found."""
    is_plain = answer["phrase"].replace("…", "").isascii()
    return bool(place["form"] == "NFC" or answer["exactness"] == "exact" or is_plain)


def test_rows_cut_at_64_tokens_show_the_planted_exposures(whole_world: Path) -> None:
    """One document a row, L = 64: every first, last and count of both sides of all pairs is the planted truth."""
    tokenizer = whole_world / "world" / "tokenizer.json"
    packing = ["--tokenizer", tokenizer, "--packing", "document-per-row", "--sequence-length", 64]
    timeline = index(whole_world, "cut", *packing, "--checkpoint-every", 5)
    assert assert_answers(timeline, truth_of(whole_world), ("exposures",)) > 100


def test_whole_documents_show_the_deep_ones_too(whole_world: Path) -> None:
    """Without a tokenizer, or in rows longer than any document: exposures and deep ones together are all there is."""
    tokenizer = ["--tokenizer", whole_world / "world" / "tokenizer.json", "--sequence-length", 100_000]
    for name, options in (("uncut", []), ("long", tokenizer)):
        timeline = index(whole_world, name, "--packing", "document-per-row", *options)
        assert assert_answers(timeline, truth_of(whole_world), ("exposures", "deep")) > 100


def test_near_misses_are_not_seen(whole_world: Path) -> None:
    """Phrases that have near misses and nothing else are never seen, in whole documents too."""
    timeline = index(whole_world, "missed", "--packing", "document-per-row")
    found = generations.read(timeline)
    only_misses = [
        worlds.phrase_of(record)
        for record in truth_of(whole_world)
        if record["near_misses"] and not record["exposures"] and not record["deep"]
    ]
    assert len(only_misses) > 5
    assert {found[phrase].count for phrase in only_misses} == {0}


def test_splits_are_those_of_the_planted_truth(whole_world: Path) -> None:
    """`split` at every fifth step: proxy-train exactly where a side was planted in an earlier batch."""
    tokenizer = whole_world / "world" / "tokenizer.json"
    packing = ["--tokenizer", tokenizer, "--packing", "document-per-row", "--sequence-length", 64]
    timeline = index(whole_world, "split", *packing)
    records = {(one["uid"], one["pair_id"], one["side"]): one for one in truth_of(whole_world)}
    for step in (0, 1, 5, 20, 32):
        options = ["--policy", "seen-by", "--at-step", step, "--by", "pair", "--format", "jsonl", "--include-flagged"]
        said = exposure("split", timeline, "--pairs", whole_world / "phrases.parquet", *options)
        rows = [json.loads(line) for line in said.out.splitlines()]
        assert len(rows) == 240
        for row in rows:
            batches = [
                place["document_index"] // BATCH
                for side in ("good", "bad")
                for place in records[row["uid"], row["pair_id"], side]["exposures"]
            ]
            assert row["split"] == ("proxy-train" if min(batches, default=99) < step else "proxy-validation")


def small(**changes: Any) -> TrainingRun:
    """The small world, with batches of 8."""
    return worlds.run(**changes)


CUT_STREAM = partial(small, packing="concatenate", length=64)


@cache
def everything() -> PhraseSet:
    """The world's phrases, and pieces of its text as the corpus writes them: words, fragments, ends, gaps."""
    made, rng = set(worlds.phrases()), Random(9)
    for document in small().corpus.documents[::9]:
        words = document.text.split()
        start = rng.randrange(max(len(words) - 3, 1))
        piece = " ".join(words[start : start + rng.randint(1, 3)])
        made |= {Phrase(piece), Phrase(piece[: rng.randint(1, 6)]), Phrase(piece.rstrip(".!?,"), sentence_end=True)}
        made.add(Phrase(f"{words[start]} … {words[min(start + 2, len(words) - 1)]}", 4))
    return PhraseSet.of(phrase for phrase in made if phrase.text.strip())


def indexed(run: TrainingRun, folder: Path, phrases: PhraseSet, options: IndexOptions) -> Path:
    """The timeline of a run."""
    index_corpus(run.manifest(folder), phrases, folder / "timeline", options)
    return folder / "timeline"


ORDERS: dict[str, Callable[[], TrainingRun]] = {
    "sequential": small,
    "concatenated": lambda: small(packing="concatenate", length=33),
    "concatenated, three epochs, the later ones shuffled": lambda: small(
        packing="concatenate", length=64, epochs=3, seed=11, shuffle_from=1
    ),
    "documents, three epochs, the later ones shuffled": lambda: small(epochs=3, seed=11, shuffle_from=1),
    "an order file with repeats and gaps": lambda: small(order=tuple(Random(2).choices(range(10, 390), k=500))),
    "an order file over concatenated rows": lambda: small(
        packing="concatenate", length=64, order=tuple(Random(3).choices(range(900), k=300))
    ),
    "documents between special tokens": lambda: small(
        prefix=("<|endoftext|>",) * 2, suffix=("<|endoftext|>",), length=50
    ),
    "concatenated behind a special token": lambda: small(packing="concatenate", prefix=("<|endoftext|>",), length=40),
    "no tokenizer, two shuffled epochs": lambda: small(tokenizer=None, length=None, epochs=2, seed=1),
}


@pytest.mark.parametrize("name", ORDERS)
def test_every_number_of_every_order_is_the_oracles(tmp_path: Path, name: str) -> None:
    """First, last, kept exposures, counts and counts by bucket, for shuffles, epochs, order files and packings."""
    run, rule = ORDERS[name](), MatchRule()
    phrases = worlds.phrases()
    expected = run.expected(phrases, rule)
    assert expected
    generations.assert_equals(indexed(run, tmp_path, phrases, IndexOptions(rule, grid_every=5)), expected)


RULES = [
    MatchRule(case, boundary, whitespace)  # type: ignore[arg-type]
    for case, boundary, whitespace in product(("fold", "exact"), ("word", "none"), ("collapse", "verbatim"))
]


@cache
def expected_by(rule: MatchRule) -> Expected:
    """The oracle's exposures by a rule of all those phrases, as a timeline keeps them."""
    phrases = chaos.folded(everything(), oracles.Rule(rule.case, rule.boundary, rule.whitespace))
    return CUT_STREAM().expected(phrases, rule, keep=3)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.case}-{rule.boundary}-{rule.whitespace}")
def test_every_match_rule_is_the_oracles(tmp_path: Path, rule: MatchRule) -> None:
    """All eight rules over phrases with capitals, fragments of words and punctuation, with the oracle's numbers."""
    timeline = indexed(CUT_STREAM(), tmp_path, everything(), IndexOptions(rule, keep_first=3))
    assert len(expected_by(rule)) > 60
    generations.assert_equals(timeline, expected_by(rule), keep=3)


def test_rules_differ() -> None:
    """The phrases of the test above tell all eight rules apart: no two find the same number of exposures."""
    counts = [sum(one.count for one in expected_by(rule).values()) for rule in RULES]
    assert len(set(counts)) == len(RULES), counts


def test_options_of_the_command_are_the_rule(tmp_path: Path) -> None:
    """--exact, --boundary none and --whitespace verbatim on the command line are those of the library."""
    options = {
        (): MatchRule(),
        ("--exact",): MatchRule("exact"),
        ("--boundary", "none"): MatchRule(boundary="none"),
        ("--whitespace", "verbatim"): MatchRule(whitespace="verbatim"),
    }
    for number, (given, rule) in enumerate(options.items()):
        timeline = tmp_path / str(number)
        said = exposure(
            "index", "--run", worlds.manifest(), "--phrases", worlds.phrase_file(), "--out", timeline, *given
        )
        assert said.status == 0
        assert generations.facts(timeline)["rule"] == {
            "case": rule.case, "boundary": rule.boundary, "whitespace": rule.whitespace,
        }  # fmt: skip
        generations.assert_equals(timeline, small().expected(worlds.phrases(), rule))


def test_another_world_has_its_own_truth(tmp_path: Path) -> None:
    """A different seed and number of shards: the command's answers are that world's truth."""
    files = write_world(World(seed=8, documents=400, shards=7, pairs_per_paradigm=5), tmp_path / "world")
    run = TrainingRun(files.corpus, files.tokenizer, 60, batch=BATCH)
    records = truth_of(tmp_path)
    timeline = indexed(run, tmp_path, PhraseSet.of(map(worlds.phrase_of, records)), IndexOptions())
    assert assert_answers(timeline, records, ("exposures",)) > 10
    longer = replace(run, length=64)
    timeline = indexed(longer, tmp_path / "longer", PhraseSet.of(map(worlds.phrase_of, records)), IndexOptions())
    assert assert_answers(timeline, records, ("exposures",)) > 10
