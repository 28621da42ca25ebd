"""Our side and every peer that is installed, on a tiny corpus: they find what a regex finds, and so the same."""

from __future__ import annotations

import re
import shutil

import pytest

from benchmarks.agreement import compare, reference_of
from benchmarks.answers import NEVER, Answer
from benchmarks.corpus import Corpus, write_corpus
from benchmarks.ours import prepare_run, prepare_timeline
from benchmarks.phrase_lists import list_path
from benchmarks.sides import side_class
from benchmarks.tasks import Task

PHRASES = ["the man", "man's éclair", "the café owner", "and the", "the the", "owner saw", "saw the", "never there"]
TEXTS = [
    "So the café owner saw the man's éclair, and the man sees The Man.",
    "the the the end. owner saw_the man, l'été the manège éthe man;",
    "",
    '“the man” \\ "the man"\nand the\nman, and  the man and the man',
]
FOUND = {"grep": "the counts of what does not overlap"}
MEMORY = ("exposure matcher", "pyahocorasick", "ahocorasick_rs", "daachorse", "hyperscan")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Phrases near accents, in quotes, overlapping, across line breaks and inside longer words."""
    folder = tmp_path_factory.mktemp("work") / "tiny"
    made = write_corpus(folder, "tiny", 0, iter(TEXTS[:2]), iter(TEXTS))
    list_path(made, "1k").write_text("".join(f"{phrase}\n" for phrase in PHRASES), encoding="utf-8")
    prepare_run(made, "jsonl.zst")
    return made


def answer_of(task: Task, corpus: Corpus) -> Answer:
    """What a side finds, in this process."""
    try:
        side = side_class(task.side)(task, corpus)
    except ImportError as error:
        pytest.skip(str(error))
    side.scan()
    answer = side.answer()
    assert answer is not None
    return answer


def by_regex(phrase: str) -> tuple[int, int, int]:
    """(count, document, character) by a regex with lookarounds, overlapping matches too."""
    sought = re.compile(rf"(?<!\w)(?={re.escape(phrase)}(?!\w))")
    places = [(document, match.start()) for document, text in enumerate(TEXTS) for match in sought.finditer(text)]
    return (len(places), *(places[0] if places else (NEVER, NEVER)))


def columns(answer: Answer) -> list[tuple[int, int, int]]:
    """(count, document, character) of each phrase."""
    rows = zip(answer.counts, answer.documents, answer.offsets, strict=True)
    return [tuple(map(int, row)) for row in rows]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("side", "variant"),
    [
        ("exposure", "as-peers"),
        ("exposure matcher", "as-peers"),
        ("naive loop", "default"),
        ("pyahocorasick + orjson", "default"),
        ("pyahocorasick", "default"),
        ("ahocorasick_rs", "nfa"),
        ("ahocorasick_rs", "dfa"),
        ("daachorse", "default"),
        ("hyperscan", "literal"),
    ],
)
def test_side_finds_what_a_regex_finds(tiny: Corpus, side: str, variant: str) -> None:
    """Every count and every first place of every side that says both."""
    task = Task(side, str(tiny.folder), "1k", variant=variant)
    if side == "exposure":
        prepare_timeline(tiny, task)
    assert columns(answer_of(task, tiny)) == [by_regex(phrase) for phrase in PHRASES]


def test_parquet_gives_the_same(tiny: Corpus) -> None:
    """Our side finds in the parquet shard what it finds in the jsonl shard."""
    prepare_run(tiny, "parquet")
    task = Task("exposure", str(tiny.folder), "1k", "parquet", "as-peers")
    prepare_timeline(tiny, task)
    assert columns(answer_of(task, tiny)) == [by_regex(phrase) for phrase in PHRASES]


@pytest.mark.skipif(not (shutil.which("zstdcat") and shutil.which("grep")), reason="needs zstdcat and grep")
def test_grep_misses_only_what_overlaps_or_is_escaped(tiny: Corpus) -> None:
    """grep counts nothing that is not there, and the share that it misses is told."""
    ours = Task("exposure", str(tiny.folder), "1k", variant="as-peers")
    grep = Task("grep", str(tiny.folder), "1k", cpus=2)
    assert reference_of(grep) == ours
    prepare_timeline(tiny, ours)
    for task in (ours, grep):
        answer_of(task, tiny).save(tiny.folder / f"{task.name}.npy")
    agreement = compare(tiny, grep, ours)
    assert agreement.our_matches == sum(by_regex(phrase)[0] for phrase in PHRASES)
    assert 0.2 < agreement.missed < 0.8
    assert agreement.places_differ is None
