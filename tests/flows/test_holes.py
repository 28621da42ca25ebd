"""A shard that is missing or changed: what is said stays true, what is not known is not said, and mending mends all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import chaos
import generations
import pytest
from shell import Answer, exposure
from training_runs import Expected, TrainingRun

from exposure.phrase_file import write_phrases
from exposure.phrases import CriticalPhrase, Phrase, PhraseSet
from exposure.status import ExposureStatus
from exposure.timeline import Timeline

TEXTS = [chaos.text(Random(number), 14) + f" cat word{number} cat" for number in range(32)]
PHRASES = PhraseSet.of(
    [
        *(one for one in chaos.folded(chaos.phrases(5, 30))),
        *(Phrase(f"word{number}") for number in (*range(0, 32, 2), 7, 15, 23)),  # the ends of shards too
        *(Phrase("no such thing"), Phrase("the"), Phrase("dogs"), Phrase("cat", sentence_end=True)),
    ]
)
ORDERS: dict[str, dict[str, Any]] = {
    "sequential": {},
    "two epochs": {"epochs": 2},
    "shuffled": {"seed": 5, "epochs": 2},
    "concatenated": {"packing": "concatenate", "length": 23},
    "concatenated, shuffled": {"packing": "concatenate", "length": 23, "seed": 5},
}
CASES = [
    *(("missing", order, shard) for order in ORDERS for shard in (0, 2)),
    *(("missing", "sequential", 3), ("one byte", "sequential", 2), ("swapped", "sequential", 1)),
    *(("cut", "sequential", 2), ("one byte", "concatenated, shuffled", 1), ("swapped", "shuffled", 2)),
]


def harm(path: Path, how: str) -> None:
    """What happens to the shard after its manifest was made."""
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "missing":
        path.unlink()
    elif how == "one byte":
        path.write_bytes(path.read_bytes().replace(b" word", b" ward", 1))
    elif how == "swapped":
        path.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    else:
        path.write_bytes(path.read_bytes()[:-20])


@dataclass(frozen=True)
class Holed:
    """A run of four shards of which one is harmed, and what the oracle says with and without it."""

    folder: Path
    run: TrainingRun
    shard: int

    @classmethod
    def make(cls, folder: Path, order: str, shard: int) -> Holed:
        """Four shards of eight documents, three rows a batch."""
        records = [{"id": f"d{number}", "text": text} for number, text in enumerate(TEXTS)]
        shards = tuple(chaos.write_shard(folder / f"{n}.jsonl", records[8 * n : 8 * n + 8]) for n in range(4))
        run = replace(TrainingRun(shards, chaos.write_tokenizer(folder), 40, batch=3), **ORDERS[order])
        rows = [CriticalPhrase("list", str(i), "good", one) for i, one in enumerate(PHRASES)]
        write_phrases(folder / "phrases.parquet", rows, {})
        _ = run.rows
        run.manifest(folder)
        return cls(folder, run, shard)

    def index(self, name: str = "timeline") -> Answer:
        """`exposure index` into a folder of that name."""
        command = ["index", "--run", self.folder / "run.json", "--phrases", self.folder / "phrases.parquet"]
        return exposure(*command, "--grid-every", 4, "--out", self.folder / name)

    @cached_property
    def whole(self) -> Expected:
        """What the run shows."""
        return self.run.expected(PHRASES)

    @cached_property
    def rest(self) -> Expected:
        """What it shows without the shard."""
        return self.run.expected(PHRASES, shards={0, 1, 2, 3} - {self.shard})

    @cached_property
    def holes(self) -> list[int]:
        """The slots of which something is missing, by a walk over the run."""
        return [slot for slot, row in enumerate(self.run.slots) if self.shard in self.run.shards_in_rows[row]]

    @property
    def covered(self) -> int:
        """How many batches from the first on miss nothing."""
        return min(self.holes) // self.run.batch


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}, {case[1]}, shard {case[2]}")
def test_hole_is_told_and_nothing_is_guessed(tmp_path: Path, case: tuple[str, str, int]) -> None:
    """Status 3 and the shard's name; answers that are true of the whole run; after mending those of an unharmed one."""
    how, order, shard = case
    holed = Holed.make(tmp_path, order, shard)
    content = holed.run.shards[shard].read_bytes()
    harm(holed.run.shards[shard], how)
    said = holed.index()
    assert (said.status, said.out, said.err.count("hole in coverage")) == (3, "", 1)
    assert f"{shard}.jsonl" in said.err
    generations.assert_equals(tmp_path / "timeline", holed.rest)
    with Timeline.open(tmp_path / "timeline") as timeline:
        assert_coverage(holed, timeline)
        assert_firsts(holed, timeline)
        assert_steps(holed, timeline)
    holed.run.shards[shard].write_bytes(content)
    assert holed.index().status == 0
    assert holed.index("never harmed").status == 0
    generations.assert_equals(tmp_path / "timeline", holed.whole)
    digests = [generations.logical_digest(tmp_path / name) for name in ("timeline", "never harmed")]
    assert digests[0] == digests[1]
    with Timeline.open(tmp_path / "timeline") as timeline:
        for _, one in answers(timeline):
            assert one.first_exact is not False
            assert one.count == one.count_high


def assert_coverage(holed: Holed, timeline: Timeline) -> None:
    """The scanned batches are those that miss no slot."""
    (answer,) = timeline.coverage()
    whole = set(range(holed.run.steps)) - {slot // holed.run.batch for slot in holed.holes}
    assert {batch for start, end in answer.ranges for batch in range(start, end)} == whole
    assert (answer.covered_through, answer.complete, answer.missing_shards) == (holed.covered, False, (holed.shard,))


def assert_firsts(holed: Holed, timeline: Timeline) -> None:
    """A first is exact only before everything that is missing, and then it is the true one; else it is no earlier."""
    exact = inexact = 0
    for phrase, one in answers(timeline):
        truth, found = holed.whole.get(phrase), holed.rest.get(phrase)
        assert one.count_high is None
        assert (one.status, one.count) == ((ExposureStatus.SEEN, found.count) if found else (ExposureStatus.UNKNOWN, 0))
        if found is None:
            assert one.first_exact is None
            continue
        assert truth is not None
        slot = found.first.batch * holed.run.batch + found.first.sequence
        assert one.first_exact == (slot < min(holed.holes))
        told = (one.first_batch, one.sequence, one.token, one.offset)
        first = (truth.first.batch, truth.first.sequence, truth.first.token, truth.first.offset)
        assert told >= first
        assert told == first or not one.first_exact
        exact, inexact = exact + bool(one.first_exact), inexact + (not one.first_exact)
        assert_kept(holed, timeline, phrase)
    assert inexact or holed.shard == 3, "nothing lies behind the last shard"
    assert exact or holed.covered == 0


def assert_kept(holed: Holed, timeline: Timeline, phrase: Phrase) -> None:
    """Kept exposures say `exact` as long as nothing is missing before them: those are the true first ones."""
    truth = holed.whole[phrase].first_k
    for one in timeline.exposures(phrase.text):
        if phrase_of(one) != phrase:
            continue
        assert one.exact == (one.batch * holed.run.batch + one.sequence < min(holed.holes))
        if one.exact:
            there = truth[one.rank]
            assert (one.batch, one.sequence, one.offset) == (there.batch, there.sequence, there.offset)


def assert_steps(holed: Holed, timeline: Timeline) -> None:
    """At every step: no status and no bound that the whole run would make false; unknown exactly where it must be."""
    steps = range(holed.run.steps + 2)
    points = {(phrase_of(one), one.step): one for text in TEXT_FORMS for one in timeline.history(text, steps)}
    for step in {0, 1, holed.covered, holed.covered + 1, holed.run.steps, holed.run.steps + 1}:
        for phrase, one in answers(timeline, step):
            point = points[phrase, step]
            assert (one.status, one.count, one.count_high) == (point.status, point.count, point.count_high)
    for (phrase, step), point in points.items():
        truth, found = holed.whole.get(phrase), holed.rest.get(phrase)
        count = sum(n for batch, n in truth.by_batch.items() if batch < step) if truth else 0
        seen = found is not None and found.first.batch < step
        known = step <= holed.covered
        unseen = ExposureStatus.UNSEEN_SO_FAR if known else ExposureStatus.UNKNOWN
        assert point.status == (ExposureStatus.SEEN if seen else unseen)
        assert count > 0 or not seen
        assert count == 0 or seen or not known
        assert point.count <= count
        assert (point.count_high is None) == (not known)
        assert point.count_high is None or count <= point.count_high
    said = {point.status for point in points.values()}
    assert said == {ExposureStatus.SEEN, ExposureStatus.UNKNOWN, ExposureStatus.UNSEEN_SO_FAR}


TEXT_FORMS = sorted({phrase.text for phrase in PHRASES})


def answers(timeline: Timeline, step: int | None = None) -> list[tuple[Phrase, Any]]:
    """Every phrase with its answer."""
    return [(phrase_of(one), one) for one in timeline.first_seen(TEXT_FORMS, step)]


def phrase_of(one: Any) -> Phrase:
    """The phrase that an answer is about."""
    return Phrase(one.phrase, one.gap or 0, one.anchor == "sentence_end")


def test_split_does_not_guess_beyond_a_hole(tmp_path: Path) -> None:
    """A pair whose phrase was not found is validation before the hole and unknown after it; one found is train."""
    holed = Holed.make(tmp_path, "sequential", 2)
    holed.run.shards[2].unlink()
    holed.index()
    for step, unknown in ((holed.covered, 0), (holed.covered + 1, 1), (holed.run.steps, 1)):
        options = ["--policy", "seen-by", "--at-step", step, "--sides", "good", "--format", "csv"]
        said = exposure("split", tmp_path / "timeline", "--pairs", tmp_path / "phrases.parquet", *options)
        head, row = said.out.splitlines()
        parts = dict(zip(head.split(","), row.split(","), strict=True))
        assert (int(parts["unknown"]) > 0) == bool(unknown)
        assert int(parts["proxy_validation"]) == (0 if unknown else len(PHRASES) - int(parts["proxy_train"]))
