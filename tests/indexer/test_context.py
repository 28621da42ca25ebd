"""The text around exposures, and the text of whole batches, read back from the corpus."""

from __future__ import annotations

import re
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import chaos
import oracles
import pytest
import worlds
from training_runs import TrainingRun

from exposure.errors import CensusError, CorpusError, QuestionError
from exposure.orders import DataOrder
from exposure.phrases import GAP, Phrase, PhraseSet
from exposure.timeline import Timeline
from indexer.batches import batch_rows
from indexer.context import Context, contexts
from indexer.run import IndexOptions, index_corpus

FOLDS = str.maketrans({"’": "'", "ʼ": "'"})


def clean(text: str) -> str:
    """Folded by hand: white space runs made one space, apostrophes made plain, lower case."""
    return re.sub(r"\s+", " ", text).translate(FOLDS).lower()


def assert_shows(one: Context, text: str) -> None:
    """The match is the phrase, at its place in the document, with its surroundings."""
    start, end = one.document_offset, one.document_offset + len(one.match)
    assert text[start:end] == one.match
    assert text[:start].endswith(one.before)
    assert text[end:].startswith(one.after)
    match = clean(one.match)
    if one.gap:
        earlier, later = one.phrase.split(GAP)
        assert re.fullmatch(rf"{re.escape(earlier)}\b.*\b{re.escape(later)}", match, re.DOTALL)
        assert match.count(" ") - earlier.count(" ") - later.count(" ") <= one.gap
    else:
        assert match == one.phrase
    if one.anchor:
        assert re.match(r"[.?!]|$", one.after)


def test_two_hundred_contexts_of_the_world_show_their_phrases() -> None:
    """Random kept exposures of the small world: the match, cleaned by hand, is the phrase, and stands where it says."""
    texts = {document.id: document.text for document in worlds.run().corpus.documents}
    vocabulary = worlds.run().vocabulary
    assert vocabulary is not None
    with Timeline.open(worlds.timeline()) as timeline:
        found = [
            (one, answer)
            for text in sorted({phrase.text for phrase in worlds.phrases()})
            for one, answer in zip(contexts(timeline, text, 25), timeline.exposures(text), strict=True)
        ]
    assert {bool(one.gap) for one, _ in found} == {True, False}
    assert any(one.anchor for one, _ in found)
    for one, answer in Random(0).sample(found, min(200, len(found))):
        assert_shows(one, vocabulary.normalise(texts[one.document]))
        same = {"phrase", "step", "batch", "sequence", "token", "document", "offset", "document_offset", "exact"}
        assert {name: getattr(one, name) for name in same} == {name: getattr(answer, name) for name in same}
        assert max(len(one.before), len(one.after)) <= 25


@pytest.mark.parametrize("packing", ["document-per-row", "concatenate"])
def test_contexts_of_nasty_text_show_their_phrases(tmp_path: Path, packing: str) -> None:
    """Rows cut inside words and characters, decomposed text, line breaks: the match is what the oracle matched."""
    shards = chaos.write_shards(tmp_path / "corpus", 31)
    run = TrainingRun(shards, chaos.write_tokenizer(tmp_path), 11, packing, batch=3, epochs=2)
    plain = PhraseSet.of(one for one in chaos.folded(chaos.phrases(8)) if not one.gap)
    index_corpus(run.manifest(tmp_path), plain, tmp_path / "t", IndexOptions())
    assert run.vocabulary is not None
    texts = {document.id: run.vocabulary.normalise(document.text) for document in run.corpus.documents}
    shown = 0
    with Timeline.open(tmp_path / "t") as timeline:
        for text in sorted({phrase.text for phrase in plain}):
            for one in contexts(timeline, text, 7):
                assert texts[one.document][one.document_offset :].startswith(one.match)
                words = oracles.fold(" ".join(one.match.split()), oracles.Rule())
                assert words == oracles.elements(oracles.Phrase(text), oracles.Rule(), run.vocabulary.normalise)[0]
                shown += 1
    assert shown > 30


def test_long_white_space_is_part_of_the_match(tmp_path: Path) -> None:
    """A match that its white space makes ten thousand characters long is shown whole."""
    text = f"the{' ' * 10_000}cat sat"
    run = TrainingRun((chaos.write_shard(tmp_path / "a.jsonl", [{"id": "a", "text": text}]),), batch=1)
    index_corpus(run.manifest(tmp_path), PhraseSet.of([Phrase("the cat")]), tmp_path / "t", IndexOptions())
    with Timeline.open(tmp_path / "t") as timeline:
        (one,) = contexts(timeline, "the cat", 4)
    assert (one.before, one.match, one.after) == ("", text[:10_006], " sat")


def test_gap_pattern_ends_at_a_whole_word(tmp_path: Path) -> None:
    """The later word of a gap pattern is not found inside a longer one that stands before it."""
    records = [{"id": "a", "text": "many girls hurt herselfish friends, and herself too. herself"}]
    run = TrainingRun((chaos.write_shard(tmp_path / "a.jsonl", records),), batch=1)
    index_corpus(run.manifest(tmp_path), PhraseSet.of([Phrase("many … herself", 9)]), tmp_path / "t", IndexOptions())
    with Timeline.open(tmp_path / "t") as timeline:
        (one,) = contexts(timeline, "many … herself")
    assert one.match == "many girls hurt herselfish friends, and herself"


@pytest.mark.parametrize("width", [0, 1, 10**30])
def test_width_is_on_each_side(width: int) -> None:
    """No more than `width` characters before and after, and the whole document when it is enough."""
    texts = {document.id: document.text for document in worlds.run().corpus.documents}
    vocabulary = worlds.run().vocabulary
    assert vocabulary is not None
    with Timeline.open(worlds.timeline()) as timeline:
        text = next(one.phrase for one in timeline.first_seen([p.text for p in worlds.phrases()]) if one.count)
        for one in contexts(timeline, text, width):
            whole = vocabulary.normalise(texts[one.document])
            assert one.before == whole[max(0, one.document_offset - width) : one.document_offset]
            assert one.after == whole[one.document_offset + len(one.match) :][:width]


@pytest.fixture
def moved(tmp_path: Path) -> tuple[TrainingRun, Path, Path]:
    """A run whose shards and census were moved after indexing; its timeline; the new place."""
    shards = chaos.write_shards(tmp_path / "here" / "corpus", 31)
    run = TrainingRun(shards, chaos.write_tokenizer(tmp_path), 30, batch=3)
    manifest = run.manifest(tmp_path / "here")
    index_corpus(manifest, PhraseSet.of([Phrase("the"), Phrase("cat")]), tmp_path / "t", IndexOptions())
    shutil.move(tmp_path / "here", tmp_path / "there")
    return run, tmp_path / "t", tmp_path / "there"


def test_moved_corpus_is_found_by_its_manifest(moved: tuple[TrainingRun, Path, Path]) -> None:
    """The manifest that moved with its shards serves as --run; without it the missing census or shard is named."""
    run, path, there = moved
    with Timeline.open(path) as timeline:
        with pytest.raises(CensusError, match=r"census of .* Put it there"):
            contexts(timeline, "the")
        with pytest.raises(CorpusError, match=re.escape(str(run.shards[0].parent))):
            contexts(timeline, "the", census=there / "census")
        found = contexts(timeline, "the", run=DataOrder.load(there / "run.json"))
        assert [clean(one.match) for one in found] == ["the"] * len(timeline.exposures("the"))
        assert len(found) > 3


def test_manifest_of_another_run_is_refused(moved: tuple[TrainingRun, Path, Path], tmp_path: Path) -> None:
    """A manifest with other batches would read the wrong rows: it is refused, and so is a phrase nobody indexed."""
    run, path, there = moved
    here = replace(run, shards=tuple(there / "corpus" / shard.name for shard in run.shards), batch=4)
    other = DataOrder.load(here.manifest(tmp_path / "other"))
    with Timeline.open(path) as timeline:
        with pytest.raises(QuestionError, match=r"not the one .* its own manifest"):
            contexts(timeline, "the", run=other)
        with pytest.raises(QuestionError, match="not indexed"):
            contexts(timeline, "zebra", run=other)


def test_changed_shard_is_not_shown(moved: tuple[TrainingRun, Path, Path]) -> None:
    """A document whose text changed since the census is refused by its shard's name, not shown as the match."""
    _, path, there = moved
    order = DataOrder.load(there / "run.json")
    with Timeline.open(path) as timeline:
        first = timeline.exposures("the")[0]
        shard = Path(order.shards[first.shard].path)
        assert shard.suffix == ".jsonl"
        shard.write_bytes(re.sub(rb"(?i)the", b"tho", shard.read_bytes()))
        with pytest.raises(CorpusError, match=rf"{re.escape(shard.name)} has changed"):
            contexts(timeline, "the", run=order)


def test_longer_run_still_shows_what_is_published(tmp_path: Path) -> None:
    """After a longer run was begun and not published, the timeline's own order still leads to the same texts."""
    shards = chaos.write_shards(tmp_path / "corpus", 31)
    run = TrainingRun(shards, chaos.write_tokenizer(tmp_path), 9, "concatenate", batch=3)
    shorter = replace(run, shards=shards[:3])
    index_corpus(shorter.manifest(tmp_path / "a"), PhraseSet.of([Phrase("the")]), tmp_path / "t", IndexOptions())
    with Timeline.open(tmp_path / "t") as timeline:
        before = contexts(timeline, "the")
        DataOrder.load(run.manifest(tmp_path / "b")).save(tmp_path / "t" / "order.json")
        assert contexts(timeline, "the") == before


RUNS = {
    "documents": {},
    "stream": {"packing": "concatenate"},
    "stream, shuffled": {"packing": "concatenate", "epochs": 2, "seed": 3, "shuffle_from": 1},
    "long rows": {"packing": "concatenate", "length": 90},
    "an order file": {"order": (3, 3, 0, 7, 3)},
    "no tokenizer": {"tokenizer": None, "length": None, "epochs": 2},
}


@pytest.mark.parametrize("name", RUNS)
def test_batches_are_the_oracles_rows(tmp_path: Path, name: str) -> None:
    """Every row of every step: its text, its number and its documents, and each alone by its sequence."""
    shards = chaos.write_shards(tmp_path / "corpus", 31)
    run = replace(TrainingRun(shards, chaos.write_tokenizer(tmp_path), 11, batch=3), **RUNS[name])  # type: ignore[arg-type]
    order = DataOrder.load(run.manifest(tmp_path))
    for step in range(1, run.steps + 1):
        rows = batch_rows(order, step)
        slots = list(enumerate(run.slots))[(step - 1) * run.batch : step * run.batch]
        assert [(one.sequence, one.row) for one in rows] == [(slot % run.batch, row) for slot, row in slots]
        for one in rows:
            truth = run.rows[one.row]
            assert one.text == row_text(truth)
            assert one.characters == len(one.text)
            shown = [passage.document_id for passage in truth.passages]
            assert [document for document in one.documents if document in shown] == shown
        if step in (1, run.steps):
            for one in rows:
                assert [asdict(row) for row in batch_rows(order, step, one.sequence)] == [asdict(one)]


def row_text(row: oracles.Row) -> str:
    """The whole row: passages, and end-of-document tokens by their content wherever no passage stands."""
    text, length = "", len(row.token_of)
    for passage in row.passages:
        text += "<|endoftext|>" * ((passage.offset - len(text)) // 13) + passage.text
    return text + "<|endoftext|>" * ((length - len(text)) // 13)


def test_steps_and_sequences_outside_the_run_are_refused(tmp_path: Path) -> None:
    """Steps count from 1 to the last; the last batch may be short."""
    records = [{"id": str(i), "text": str(i)} for i in range(5)]
    run = TrainingRun((chaos.write_shard(tmp_path / "a.jsonl", records),), batch=3)
    order = DataOrder.load(run.manifest(tmp_path))
    assert [one.text for one in batch_rows(order, 2)] == ["3", "4"]
    for step in (0, 3, -1, 10**30):
        with pytest.raises(QuestionError, match="steps 1 to 2"):
            batch_rows(order, step)
    for sequence in (2, -1, 10**30):
        with pytest.raises(QuestionError, match="sequences 0 to 1"):
            batch_rows(order, 2, sequence)
