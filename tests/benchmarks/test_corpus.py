"""The benchmark corpus and its phrase lists: the same settings give the same documents, of the nature that is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard

from benchmarks import phrase_lists, sources
from benchmarks.corpus import Corpus, Recipe, corpus, documents
from benchmarks.phrase_lists import phrase_list, write_phrase_lists
from benchmarks.tasks import ROOT

NO_DATA = Path("nowhere")


@pytest.fixture(scope="module")
def recipe() -> Iterator[Recipe]:
    """One megabyte of generated text."""
    yield Recipe(1, 0, NO_DATA)
    sources.source.cache_clear()


@pytest.fixture(scope="module")
def made(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return corpus(recipe, tmp_path_factory.mktemp("work"))


def lines(shard: Path) -> list[str]:
    with zstandard.open(shard, "rt", encoding="utf-8") as stream:
        return stream.read().splitlines()


def test_same_settings_same_corpus(recipe: Recipe, made: Corpus, tmp_path: Path) -> None:
    """Made again by another process, every document is the same; another seed puts other documents first."""
    program = (
        "import sys; from pathlib import Path; from benchmarks.corpus import *;"
        f"print(corpus(Recipe(1, 0, Path({str(NO_DATA)!r})), Path(sys.argv[1])).facts.sha256)"
    )
    again = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "again"],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.strip() == made.facts.sha256
    assert next(documents(recipe.source, 1)) != next(documents(recipe.source, 0))


def test_both_kinds_hold_the_same_documents(made: Corpus) -> None:
    """The jsonl.zst and the parquet shard are one corpus, and its facts are counted right."""
    rows = [json.loads(line) for line in lines(made.shard("jsonl.zst"))]
    assert rows == pq.read_table(made.shard("parquet")).to_pylist()
    assert len(rows) == made.facts.documents
    assert sum(len(row["text"].encode()) for row in rows) == made.facts.text_bytes >= 1_000_000


def test_text_is_of_like_nature(made: Corpus) -> None:
    """Documents are of several KB; escapes, line breaks, characters beyond ASCII and raw UTF-8 all occur."""
    raw = lines(made.shard("jsonl.zst"))
    texts = [json.loads(line)["text"] for line in raw]
    assert 3_500 < made.facts.text_bytes / len(texts) < 6_500
    assert any("\\u" in line for line in raw)
    assert any(not line.isascii() for line in raw)
    assert all("\n" in text for text in texts)
    assert sum(not text.isascii() for text in texts) < len(texts) / 3


def test_lists_begin_each_other(recipe: Recipe, made: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each list is the beginning of the next, without a phrase twice, and of all its phrases some never occur."""
    monkeypatch.setattr(phrase_lists, "SIZES", {"1k": 1_000, "4k": 4_000})
    write_phrase_lists(recipe, made, ["1k", "4k"])
    small, large = phrase_list(made, "1k"), phrase_list(made, "4k")
    assert large[:1_000] == small
    assert len(set(large)) == len(large) == 4_000
    assert all(2 <= len(phrase.split(" ")) <= 6 for phrase in large)
    assert all(phrase[0].isalpha() and phrase[-1].isalpha() and phrase == phrase.lower() for phrase in large)
    text = "\n".join(pq.read_table(made.shard("parquet"))["text"].to_pylist()).lower()
    assert 200 < sum(phrase in text for phrase in small) < 900
