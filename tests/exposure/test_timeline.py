"""Questions to a timeline: what is said, what is not known, and nothing else."""

from __future__ import annotations

import shutil
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import chaos
import duckdb
import generations
import pytest
import worlds
from training_runs import Expected, TrainingRun

from exposure.answers import FirstSeen
from exposure.errors import QuestionError, TimelineError
from exposure.orders import Checkpoints
from exposure.phrases import GAP, MatchRule, Phrase, PhraseSet
from exposure.status import ExposureStatus, status_at
from exposure.timeline import Timeline
from indexer.run import IndexOptions, index_corpus

FORMS = PhraseSet.of(
    [
        *(Phrase("the cat"), Phrase("the cat", sentence_end=True), Phrase("the … cat", 1), Phrase("the … cat", 5)),
        *(Phrase("cat"), Phrase("cat", sentence_end=True), Phrase("never ever"), Phrase("the dogs", sentence_end=True)),
    ]
)


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingRun, PhraseSet, Path]:
    """A run of three epochs over nasty shards; two exposures kept; buckets of four steps and at checkpoint 5."""
    folder = tmp_path_factory.mktemp("nasty")
    shards = chaos.write_shards(folder / "corpus", 21)
    shuffled = {"epochs": 3, "seed": 1, "shuffle_from": 1}
    run = TrainingRun(
        shards, chaos.write_tokenizer(folder), 20, batch=3, checkpoints=Checkpoints(steps=(5,)), **shuffled
    )
    phrases = PhraseSet.of([*FORMS, *chaos.folded(chaos.phrases(3))])
    index_corpus(run.manifest(folder), phrases, folder / "timeline", IndexOptions(keep_first=2, grid_every=4))
    return run, phrases, folder / "timeline"


@pytest.fixture(scope="module")
def expected(nasty: tuple[TrainingRun, PhraseSet, Path]) -> Expected:
    """The oracle's answers."""
    run, phrases, _ = nasty
    return run.expected(phrases)


def phrase_of(answer: Any) -> Phrase:
    """The phrase that an answer is about."""
    return Phrase(answer.phrase, answer.gap or 0, answer.anchor == "sentence_end")


def test_first_seen_is_the_oracles(nasty: tuple[TrainingRun, PhraseSet, Path], expected: Expected) -> None:
    """Batch, step, sequence, token, document, offset, count and status of every phrase, for the whole run."""
    _, phrases, path = nasty
    with Timeline.open(path) as timeline:
        answers = {phrase_of(one): one for one in timeline.first_seen(sorted({p.text for p in phrases}))}
    assert set(answers) == set(phrases)
    for phrase, one in answers.items():
        truth = expected.get(phrase)
        if truth is None:
            nothing = (ExposureStatus.NEVER, None, None, None, None, None, None, 0, 0, None)
            assert _told(one) == nothing
            continue
        first = truth.first
        assert _told(one) == (
            *(ExposureStatus.SEEN, first.batch, first.batch + 1, True, first.sequence, first.token),
            *(first.document_id, truth.count, truth.count, truth.last.batch + 1),
        )
        assert one.offset == first.offset


def _told(one: FirstSeen) -> tuple[object, ...]:
    return (
        *(one.status, one.first_batch, one.first_step, one.first_exact, one.sequence, one.token),
        *(one.document, one.count, one.count_high, one.last_step),
    )


def test_status_and_count_at_every_step(nasty: tuple[TrainingRun, PhraseSet, Path], expected: Expected) -> None:
    """Seen by N exactly when the first batch is smaller than N; counts hold the truth; beyond the run is unknown."""
    run, phrases, path = nasty
    with Timeline.open(path) as timeline:
        for step in range(run.steps + 3):
            for one in timeline.first_seen(sorted({p.text for p in phrases}), step):
                truth = expected.get(phrase_of(one))
                seen = truth is not None and truth.first.batch < step
                unseen = ExposureStatus.UNSEEN_SO_FAR if step <= run.steps else ExposureStatus.UNKNOWN
                assert one.status == (ExposureStatus.SEEN if seen else unseen), (one, step)
                count = 0 if truth is None else sum(n for batch, n in truth.by_batch.items() if batch < step)
                assert one.count is not None
                assert one.count <= count
                if step <= run.steps:
                    assert one.count_high is not None
                    assert count <= one.count_high
                else:
                    assert one.count_high is None


def test_history_holds_the_truth_and_is_exact_where_it_says(
    nasty: tuple[TrainingRun, PhraseSet, Path], expected: Expected
) -> None:
    """For every phrase and step: count ≤ truth ≤ count_high, equal where exact, and exact at every edge of a bucket."""
    run, phrases, path = nasty
    edges = {start for (start,) in generations.query(path, "SELECT start_batch FROM buckets")} | {run.steps}
    assert edges == {0, 4, 5, 8, 12, 16, 20, run.steps}, "the grid, the checkpoint and the end"
    inexact = 0
    with Timeline.open(path) as timeline:
        for text in sorted({p.text for p in phrases}):
            for point in timeline.history(text, range(run.steps + 4)):
                truth = expected.get(phrase_of(point))
                count = 0 if truth is None else sum(n for batch, n in truth.by_batch.items() if batch < point.step)
                assert point.count <= count
                if point.step > run.steps:
                    assert (point.count_high, point.exact) == (None, False)
                    continue
                assert point.count_high is not None
                assert count <= point.count_high
                assert point.exact == (point.count == point.count_high)
                assert point.exact or point.step not in edges
                assert (point.status == ExposureStatus.SEEN) == (count > 0)
                inexact += not point.exact
    assert inexact, "some intervals are open, or nothing was tested"


def test_history_is_of_the_checkpoints_unless_steps_are_named(nasty: tuple[TrainingRun, PhraseSet, Path]) -> None:
    """The run's checkpoints by default; named steps once each, in order."""
    with Timeline.open(nasty[2]) as timeline:
        assert timeline.checkpoints == [5]
        assert [point.step for point in timeline.history("never ever")] == [5]
        assert [point.step for point in timeline.history("never ever", [7, 1, 7])] == [1, 7]
        assert timeline.history("was not asked for", [1]) == []


def test_all_forms_of_a_text_are_answered(nasty: tuple[TrainingRun, PhraseSet, Path], expected: Expected) -> None:
    """A text that is indexed as words and as words before a sentence end has two answers; a gap pattern has its own."""
    with Timeline.open(nasty[2]) as timeline:
        for text, count in (("the cat", 2), ("cat", 2), (f"the{GAP}cat", 2), ("the dogs", 1)):
            forms = [phrase_of(one) for one in timeline.first_seen([text])]
            assert forms == sorted(phrase for phrase in FORMS if phrase.text == text)
            assert len(forms) == count
            assert [phrase_of(one) for one in timeline.history(text, [3])] == forms
            kept = timeline.exposures(text)
            for form in forms:
                mine = [(one.batch, one.sequence, one.offset) for one in kept if phrase_of(one) == form]
                truth = expected[form].first_k[:2] if form in expected else []
                assert mine == [(one.batch, one.sequence, one.offset) for one in truth]


@pytest.mark.parametrize("asked", ["THE  CAT", " the\ncat ", "The\u00a0Cat", "the\tcat"])
def test_question_is_folded_as_phrases_are(nasty: tuple[TrainingRun, PhraseSet, Path], asked: str) -> None:
    """Capitals and white space in the question do not matter under the default rule."""
    with Timeline.open(nasty[2]) as timeline:
        assert timeline.first_seen([asked]) == timeline.first_seen(["the cat"])


def test_composed_and_decomposed_questions_find_what_is_indexed(tmp_path: Path) -> None:
    """é is found as one character or two, whichever was indexed; where both are, the one that was asked for."""
    run = TrainingRun(chaos.write_shards(tmp_path / "c", 1), batch=2)
    nfd = unicodedata.normalize("NFD", "café")
    manifest = run.manifest(tmp_path)
    index_corpus(manifest, PhraseSet.of([Phrase(nfd), Phrase("naïve")]), tmp_path / "t", IndexOptions())
    with Timeline.open(tmp_path / "t") as timeline:
        for asked in ("café", nfd, "CAFÉ"):
            assert [one.phrase for one in timeline.first_seen([asked])] == [nfd]
        (answer,) = timeline.first_seen([unicodedata.normalize("NFD", "naïve")])
        assert answer.phrase == "naïve"
    index_corpus(manifest, PhraseSet.of([Phrase("café")]), tmp_path / "t", IndexOptions())
    with Timeline.open(tmp_path / "t") as timeline:
        assert [one.phrase for one in timeline.first_seen(["café", nfd])] == ["café", nfd]


@pytest.mark.parametrize(
    "asked", ["", " ", "\n", "zzz", "\udcff", "the cat\udc80", "\x00", "the … cat … the", "' OR 1=1 --", "%"]
)
def test_what_was_never_looked_for_is_not_indexed(nasty: tuple[TrainingRun, PhraseSet, Path], asked: str) -> None:
    """Any text may be asked; what no phrase is, is not_indexed, with nothing else said."""
    with Timeline.open(nasty[2]) as timeline:
        (answer,) = timeline.first_seen([asked], at_step=3)
        assert answer == FirstSeen.not_indexed(asked, "exact")
        assert answer.status == ExposureStatus.NOT_INDEXED
        assert {getattr(answer, name) for name in ("first_batch", "first_exact", "count", "count_high")} == {None}
        assert timeline.statuses([Phrase(f"x{asked}")]) == [ExposureStatus.NOT_INDEXED]
        assert not timeline.has_phrase(asked)


def test_statuses_ask_for_the_very_form(nasty: tuple[TrainingRun, PhraseSet, Path]) -> None:
    """A phrase with another gap or anchor than was indexed is not indexed, though its text is."""
    with Timeline.open(nasty[2]) as timeline:
        gaps = [Phrase("the … cat", 1), Phrase("the … cat", 2)]
        asked = [*gaps, Phrase("the dogs"), Phrase("the dogs", sentence_end=True)]
        is_indexed = [status != ExposureStatus.NOT_INDEXED for status in timeline.statuses([*asked, *asked])]
        assert is_indexed == [True, False, False, True] * 2
        assert timeline.statuses([]) == []


@pytest.mark.parametrize("step", [-1, -(2**70), 2**63, 10**30])
def test_impossible_steps_are_refused(nasty: tuple[TrainingRun, PhraseSet, Path], step: int) -> None:
    """Negative steps, and such as no run reaches, get a sentence from every question."""
    with Timeline.open(nasty[2]) as timeline:
        for ask in (
            lambda: timeline.first_seen(["cat"], step),
            lambda: timeline.history("cat", [1, step]),
            lambda: timeline.statuses([Phrase("cat")], step),
        ):
            with pytest.raises(QuestionError, match="was asked for"):
                ask()


def test_five_thousand_at_once_are_five_thousand_questions(nasty: tuple[TrainingRun, PhraseSet, Path]) -> None:
    """A bulk question gives the answers of single ones, in the order asked, repeated where it repeats."""
    texts = [phrase.text for phrase in nasty[1]] + [text.upper() for text in ("the cat", "cat")] + ["not there", "é"]
    asked = [texts[(i * 7919) % len(texts)] for i in range(5000)]
    with Timeline.open(nasty[2]) as timeline:
        for step in (None, 6):
            single = {text: timeline.first_seen([text], step) for text in texts}
            assert timeline.first_seen(asked, step) == [answer for text in asked for answer in single[text]]
        assert timeline.first_seen([]) == []


def test_threads_share_a_timeline(nasty: tuple[TrainingRun, PhraseSet, Path]) -> None:
    """Eight threads that ask different things of one timeline all get the answers of one thread."""
    texts = [phrase.text for phrase in nasty[1]]
    with Timeline.open(nasty[2]) as timeline:

        def ask(number: int) -> tuple[object, ...]:
            text, step = texts[number % len(texts)], number % 9
            return timeline.first_seen([text], step), timeline.history(text, [step]), timeline.exposures(text)

        alone = [ask(number) for number in range(80)]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(80))) == alone


def test_buckets_of_one_step_make_every_history_exact(tmp_path: Path) -> None:
    """With a grid of one step no interval is open."""
    run = TrainingRun(chaos.write_shards(tmp_path / "c", 4), batch=2, epochs=2)
    phrases = PhraseSet.of([Phrase("the"), Phrase("dogs")])
    index_corpus(run.manifest(tmp_path), phrases, tmp_path / "t", IndexOptions(keep_first=1, grid_every=1))
    truth = run.expected(phrases)
    with Timeline.open(tmp_path / "t") as timeline:
        for text in ("the", "dogs"):
            for point in timeline.history(text, range(run.steps + 1)):
                by_batch = truth[Phrase(text)].by_batch
                assert point.exact
                assert point.count == sum(n for batch, n in by_batch.items() if batch < point.step)


def test_run_without_tokenizer_says_approximate(tmp_path: Path) -> None:
    """Every answer of such a run carries it, and no token is given."""
    run = TrainingRun(chaos.write_shards(tmp_path / "c", 4), batch=2)
    index_corpus(run.manifest(tmp_path), PhraseSet.of([Phrase("the")]), tmp_path / "t", IndexOptions())
    with Timeline.open(tmp_path / "t") as timeline:
        answers = [*timeline.first_seen(["the", "zzz"]), *timeline.history("the"), *timeline.coverage()]
        assert {one.exactness for one in answers} == {"approximate"}
        assert {one.token for one in timeline.exposures("the")} == {None}


@pytest.mark.parametrize("covered", range(5))
@pytest.mark.parametrize("found", [None, 0, 1, 2, 3])
def test_status_is_what_holds_in_every_possible_world(found: int | None, covered: int) -> None:
    """A run of four steps: whatever the batches that were not scanned may hold, nothing that is said is ever wrong."""
    scanned = [] if found is None else [found]
    worlds = [scanned, *([*scanned, hidden] for hidden in range(covered, 4))]
    for step in (None, *range(7)):
        end = 4 if step is None else step
        outcomes = {any(batch < end for batch in world) for world in worlds} | ({True, False} if end > 4 else set())
        unseen = ExposureStatus.NEVER if step is None else ExposureStatus.UNSEEN_SO_FAR
        expected = {True: ExposureStatus.SEEN, False: unseen}[min(outcomes)] if len(outcomes) == 1 else None
        if found is not None and found < end:
            expected = ExposureStatus.SEEN
        assert status_at(found, step, covered, 4) == (expected or ExposureStatus.UNKNOWN)


def test_rule_is_the_timelines(nasty: tuple[TrainingRun, PhraseSet, Path]) -> None:
    """An opened timeline knows the rule, the steps and the batches that it was made with."""
    run, _, path = nasty
    with Timeline.open(path) as timeline:
        assert (timeline.rule, timeline.steps, timeline.batch_sequences) == (MatchRule(), run.steps, run.batch)


def test_closed_timeline_answers_no_more(nasty: tuple[TrainingRun, PhraseSet, Path]) -> None:
    """After closing, the file can be opened with any settings again."""
    with Timeline.open(nasty[2]) as timeline:
        pass
    with pytest.raises(Exception, match=r"(?i)clos"):
        timeline.coverage()


def test_cut_generation_never_answers_wrongly(tmp_path: Path) -> None:
    """A file cut anywhere is refused when it is opened, or by DuckDB when it is asked, or nothing of worth is lost."""
    path = shutil.copytree(worlds.timeline(), tmp_path / "t")
    file = generations.current(path)
    with Timeline.open(worlds.timeline()) as timeline:
        texts = [phrase.text for phrase in worlds.phrases()]
        whole = timeline.first_seen(texts)
    content, refused = file.read_bytes(), 0
    for parts in range(1, 12):
        file.write_bytes(content[: len(content) * parts // 12])
        try:
            with Timeline.open(path) as cut:
                assert cut.first_seen(texts) == whole
        except (TimelineError, duckdb.Error):
            refused += 1
    assert refused > 5
