"""Splits against a brute-force oracle that goes through every world that what is known allows."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any, get_args

import chaos
import pyarrow.parquet as pq
import pytest
from shell import exposure
from training_runs import TrainingRun

from exposure.errors import QuestionError
from exposure.phrase_file import write_phrases
from exposure.phrases import CriticalPhrase, Phrase, PhraseSet
from exposure.splits import Part, Policy, Sides, SplitRequest, by_paradigm, split_pairs
from exposure.timeline import Timeline
from indexer.run import IndexOptions, index_corpus

TEXTS = {0: "early birds sing", 2: "early birds", 4: "middle birds", 5: "birds", 9: "late birds. Late birds"}
INDEXED = PhraseSet.of(
    [
        *(Phrase("early birds"), Phrase("middle birds"), Phrase("late birds"), Phrase("no birds")),
        *(Phrase("late birds", sentence_end=True), Phrase("early … sing", 5)),
    ]
)
ASKED: list[Phrase | None] = [*INDEXED, Phrase("other birds"), Phrase("early birds", sentence_end=True), None]
FLAGS: list[tuple[str, ...]] = [(), ("degenerate",), ("bad_grammatical_elsewhere",), ("sides_identical", "degenerate")]
CRITICAL = [
    CriticalPhrase(f"paradigm{number % 3}", str(number), side, phrase, flags=flags)  # type: ignore[arg-type]
    for number, (good, bad, flags) in enumerate(product(ASKED, ASKED, FLAGS))
    for side, phrase in (("good", good), ("bad", bad))
]
STEPS = [None, 0, 1, 2, 3, 4, 6, 7]
REQUESTS = [
    SplitRequest(policy, step, sides, flagged)
    for policy, step, sides, flagged in product(get_args(Policy), STEPS, get_args(Sides), (False, True))
    if policy == "window" or step is not None
]


Asked = tuple[TrainingRun, int | None, Path]


@pytest.fixture(scope="module", params=[None, 1, 2], ids=["complete", "hole in the middle", "hole at the end"])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A run of three shards of four documents, two a batch; the shard that is missing; the timeline."""
    folder = tmp_path_factory.mktemp("splits")
    records = [{"id": str(i), "text": TEXTS.get(i, "nothing")} for i in range(12)]
    shards = tuple(chaos.write_shard(folder / f"{i}.jsonl", records[4 * i : 4 * i + 4]) for i in range(3))
    run = TrainingRun(shards, batch=2)
    _ = run.corpus
    manifest = run.manifest(folder)
    if request.param is not None:
        shards[request.param].unlink()
    index_corpus(manifest, INDEXED, folder / "timeline", IndexOptions())
    return run, request.param, folder / "timeline"


def possible(
    run: TrainingRun, missing: int | None, phrase: Phrase | None, step: int | None
) -> tuple[str, frozenset[bool]]:
    """What status a phrase has, and whether it may be seen: from the texts themselves."""
    if phrase is None:
        return "no_phrase", frozenset()
    if phrase not in set(INDEXED):
        return "not_indexed", frozenset({True, False})
    scanned = set(range(3)) - {missing}
    found = run.expected([phrase], shards=scanned)
    end = run.steps if step is None else step
    if phrase in found and found[phrase].first.batch < end:
        return "seen", frozenset({True})
    looked_at = all(missing is None or missing not in run.shards_in_rows[row] for row in run.slots[: end * run.batch])
    if looked_at and end <= run.steps:
        return "never" if step is None else "unseen_so_far", frozenset({False})
    return "unknown", frozenset({True, False})


def expected_part(good: tuple[str, frozenset[bool]], bad: tuple[str, frozenset[bool]], sides: str) -> str:
    """The part in which a pair falls in every world that is possible; else why it is not known."""
    held = {"good": [good], "bad": [bad]}.get(sides, [good, bad])
    present = [one for one in held if one[0] != "no_phrase"]
    if not present or (sides == "both" and len(present) < 2):
        return "no_phrase"
    combine = all if sides == "both" else any
    outcomes = {combine(world) for world in product(*(values for _, values in present))}
    if len(outcomes) == 2:
        return "not_indexed" if any(status == "not_indexed" for status, _ in present) else "unknown"
    return "proxy-train" if outcomes == {True} else "proxy-validation"


def is_refused(flags: tuple[str, ...], request: SplitRequest) -> bool:
    """Flags that make these sides meaningless."""
    wrong = ("bad_grammatical_elsewhere" in flags and request.sides != "good") or (
        "sides_identical" in flags and request.sides != "either"
    )
    return wrong and not request.include_flagged


def test_every_policy_side_and_flag_against_brute_force(asked: Asked) -> None:
    """All pairs of all kinds of phrases, for every policy, step, choice of sides and flag: part and both statuses."""
    run, missing, path = asked
    truth = {(phrase, step): possible(run, missing, phrase, step) for phrase in ASKED for step in STEPS}
    parts: Counter[str] = Counter()
    with Timeline.open(path) as timeline:
        for request in REQUESTS:
            splits = split_pairs(timeline, CRITICAL, request)
            assert len(splits) == len(CRITICAL) // 2
            for one, good, bad in zip(splits, CRITICAL[::2], CRITICAL[1::2], strict=True):
                statuses = truth[good.phrase, request.at_step], truth[bad.phrase, request.at_step]
                part = expected_part(*statuses, request.sides)
                assert (one.uid, one.pair_id, one.flags) == (good.uid, good.pair_id, good.flags)
                assert one.split == ("refused" if is_refused(good.flags, request) else part), (one, request)
                assert (one.status_good, one.status_bad) == (statuses[0][0], statuses[1][0])
                texts = tuple(side.phrase.text if side.phrase else None for side in (good, bad))
                assert (one.phrase_good, one.phrase_bad) == texts
                parts[one.split] += 1
    assert set(parts) == set(get_args(Part)), "every part occurs, or something was not tested"


def test_paradigms_are_the_sums_of_their_pairs(asked: Asked) -> None:
    """Counts by paradigm, in alphabetical order, with the flags of any of its pairs."""
    with Timeline.open(asked[2]) as timeline:
        pairs = split_pairs(timeline, CRITICAL, SplitRequest("seen-by", 3, "both"))
    counted = by_paradigm(pairs)
    assert [one.uid for one in counted] == ["paradigm0", "paradigm1", "paradigm2"]
    for one in counted:
        mine = Counter(pair.split for pair in pairs if pair.uid == one.uid)
        told = {name.replace("_", "-") if name.startswith("proxy") else name: getattr(one, name) for name in COUNTS}
        assert {name: number for name, number in told.items() if number} == mine
        assert one.pairs == mine.total()
        assert set(one.flags) == {flag for pair in pairs if pair.uid == one.uid for flag in pair.flags}


COUNTS = ("proxy_train", "proxy_validation", "unknown", "not_indexed", "no_phrase", "refused")


def test_pairs_of_one_side_only_are_split_by_it(asked: Asked) -> None:
    """A list of phrases has good sides only: `both` and `bad` have no phrase, `either` and `good` ask for it."""
    lonely = [CriticalPhrase("list", "1", "good", Phrase("early birds"))]
    with Timeline.open(asked[2]) as timeline:
        parts = {sides: split_pairs(timeline, lonely, SplitRequest(sides=sides))[0].split for sides in get_args(Sides)}
    assert parts == {"either": "proxy-train", "good": "proxy-train", "bad": "no_phrase", "both": "no_phrase"}


def test_seen_by_needs_its_step_and_there_must_be_pairs(asked: Asked) -> None:
    """Both questions are refused with what is missing."""
    with pytest.raises(QuestionError, match="at-step N"):
        SplitRequest("seen-by")
    with Timeline.open(asked[2]) as timeline, pytest.raises(QuestionError, match="no pair to split"):
        split_pairs(timeline, [], SplitRequest())


def test_two_phrases_for_one_side_are_refused(asked: Asked) -> None:
    """The same pair with different phrases, as files by different rules hold it, is no guess; the same twice is one."""
    one, other = (CriticalPhrase("p", "1", "good", Phrase(text)) for text in ("early birds", "late birds"))
    with Timeline.open(asked[2]) as timeline:
        assert len(split_pairs(timeline, [one, one], SplitRequest())) == 1
        with pytest.raises(QuestionError, match="p/1 has two phrases on its good side, 'early birds' and 'late"):
            split_pairs(timeline, [one, other], SplitRequest())


@pytest.mark.parametrize("by", ["pair", "paradigm"])
def test_every_format_says_the_same(asked: Asked, tmp_path: Path, by: str) -> None:
    """jsonl, csv, parquet and the table of `exposure split` hold the answers of split_pairs, row by row."""
    file = tmp_path / "pairs.parquet"
    some = [one for one in CRITICAL if int(one.pair_id) % 7 == 0]
    write_phrases(file, some, {})
    options = ["split", asked[2], "--pairs", file, "--by", by, "--sides", "both", "--policy", "seen-by", "--at-step", 3]
    with Timeline.open(asked[2]) as timeline:
        pairs = split_pairs(timeline, some, SplitRequest("seen-by", 3, "both"))
    answers: list[Any] = pairs if by == "pair" else by_paradigm(pairs)
    plain = [{name: getattr(one, name) for name in type(one).__dataclass_fields__} for one in answers]
    as_json = [{k: list(v) if isinstance(v, tuple) else v for k, v in one.items()} for one in plain]
    said = {format_: exposure(*options, "--format", format_) for format_ in ("table", "jsonl", "csv")}
    note = "approximate: this run has no tokenizer, so rows are whole documents.\n"
    assert {(one.status, one.err) for one in said.values()} == {(0, note)}
    assert [json.loads(line) for line in said["jsonl"].out.splitlines()] == as_json
    assert list(csv.DictReader(io.StringIO(said["csv"].out))) == [
        {k: json.dumps(v) if isinstance(v, list) else "" if v is None else str(v) for k, v in one.items()}
        for one in as_json
    ]
    assert exposure(*options, "--format", "parquet", "--out", tmp_path / "out.parquet").status == 0
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == as_json
    columns, rows = read_table(said["table"].out)
    expected = [[cell(one[column]) for column in columns] for one in as_json]
    assert rows == expected


def read_table(text: str) -> tuple[list[str], list[list[str]]]:
    """The column names and cells of a printed table, cut where its rule has gaps."""
    head, rule, *lines = text.splitlines()
    ends = [i for i, character in enumerate(rule) if rule[i : i + 2] in ("─ ", "─") and character == "─"]
    starts = [0, *(end + 3 for end in ends[:-1])]
    cut = [[line[a : b + 1].strip() for a, b in zip(starts, ends, strict=True)] for line in [head, *lines]]
    return cut[0], cut[1:]


def cell(value: Any) -> str:
    """How people read a value."""
    if isinstance(value, list):
        return ", ".join(value) or "–"
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
