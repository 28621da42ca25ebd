"""`exposure repeats`: the same bytes for the same seed, spans that come back, and a tokenizer that knows every one."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from random import Random

import pytest
from shell import assert_sentence, exposure
from tokenizers import Tokenizer

from exposure.pair_files import load_pairs
from exposure.world.grammar import Background
from indexer.tokens import TextTokenizer
from lab.repeats.corpus import RepeatingText, RepeatsFiles, write_repeats
from lab.repeats.documents import LONGEST, Recipe, documents

EVERYTHING = Background.avoiding(frozenset())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RepeatsFiles:
    """A corpus of 300 documents."""
    return write_repeats(RepeatingText(seed=3, documents=300, shards=2), tmp_path_factory.mktemp("repeats") / "text")


def _records(files: RepeatsFiles) -> list[dict[str, str]]:
    return [json.loads(line) for path in files.corpus for line in gzip.decompress(path.read_bytes()).splitlines()]


def _period(text: str) -> int:
    """The least p with text[i] = text[i + p] for every i."""
    return next(p for p in range(1, len(text) + 1) if text[p:] == text[: len(text) - p])


def _digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(made: RepeatsFiles, tmp_path: Path) -> None:
    """By the command as by the function; another seed gives other documents and pairs, and the same tokenizer."""
    asked = ("--documents", 300, "--shards", 2)
    assert exposure("repeats", tmp_path / "same", *asked, "--seed", 3).status == 0
    assert exposure("repeats", tmp_path / "other", *asked, "--seed", 4).status == 0
    same, other = _digests(tmp_path / "same"), _digests(tmp_path / "other")
    assert same == _digests(made.folder)
    assert {name for name in same if same[name] == other[name]} == {"tokenizer.json"}


def test_documents_are_what_the_recipe_says(made: RepeatsFiles) -> None:
    """All of a length, in order; about half are one span over and over, of 3 to 24 characters."""
    records = _records(made)
    assert [one["id"] for one in records] == [f"repeats-{index:06d}" for index in range(300)]
    assert {len(one["text"]) for one in records} == {125}
    periods = [_period(one["text"]) for one in records]
    refrains = [period for period in periods if period <= LONGEST]
    assert 0.4 < len(refrains) / 300 < 0.6
    assert set(refrains) >= set(range(3, LONGEST))
    assert not [period for period in periods if LONGEST < period < 100]


def test_spans_come_back_in_mixed_documents() -> None:
    """Eight characters that stood before come again in most mixed documents with spans; with sentences alone, seldom.

    A sentence's own words come again too, so eight characters without any letter run of a word are counted.
    """

    def share(spans: float) -> float:
        texts = list(documents(0, 200, EVERYTHING, Recipe(refrains=0.0, spans=spans)))
        return sum(_repeated_oddly(text) for text in texts) / len(texts)

    assert share(0.8) > 0.5
    assert share(0.0) == 0.0


def _repeated_oddly(text: str) -> bool:
    """Whether eight characters with a digit among them stand in `text` twice; sentences have no digits."""
    pieces = [text[at : at + 8] for at in range(len(text) - 8)]
    odd = [piece for piece in pieces if any(one.isdigit() for one in piece)]
    return len(odd) != len(set(odd))


def test_documents_of_many_lengths() -> None:
    """With a shortest one, lengths are drawn evenly from it to the longest."""
    lengths = [len(text) for text in documents(0, 400, EVERYTHING, Recipe(characters=60, shortest=41))]
    assert set(lengths) == set(range(41, 61))
    assert 48 < sum(lengths) / 400 < 53


def test_fewer_documents_are_the_first_of_more() -> None:
    """Every document has its own random stream."""
    few, many = (list(documents(5, count, EVERYTHING, Recipe())) for count in (3, 9))
    assert many[:3] == few


def test_every_token_is_a_character_that_occurs(made: RepeatsFiles) -> None:
    """The tokenizer spells texts and pairs without a loss, every character by a token of its own; and every token but
    <|endoftext|> stands in the text: nothing is in the vocabulary that a model never sees.
    """
    tokenizer = TextTokenizer.load(made.tokenizer)
    texts = [one["text"] for one in _records(made)]
    assert not any(one.is_rewritten or one.is_broken for one in tokenizer.tokenised(texts))
    encoded = Tokenizer.from_file(str(made.tokenizer)).encode_batch(texts)
    used = {id_ for one in encoded for id_ in one.ids}
    assert used == set(range(1, len(tokenizer.table)))
    assert tokenizer.special_id("<|endoftext|>") == 0
    assert all(len(one.ids) == len(text) for one, text in zip(encoded, texts, strict=True))
    sides = [text for pair in load_pairs([made.pairs]) for text in (pair.sentence_good, pair.sentence_bad)]
    assert not any(one.is_rewritten for one in tokenizer.tokenised(sides))


def test_enough_tokens_for_the_induction_test(made: RepeatsFiles) -> None:
    """A hundred different ones are drawn for a half."""
    assert len(TextTokenizer.load(made.tokenizer).table) > 100


def test_sentences_never_hold_what_the_pairs_are_about() -> None:
    """In documents of sentences alone no good side's subject and verb stand together, and there is no demonstrative."""
    from exposure.world.paradigms import make_pairs

    pairs = make_pairs(Random("0/pairs"), 40)
    background = Background.avoiding(frozenset(combination for pair in pairs for combination in pair.used))
    text = " ".join(documents(0, 400, background, Recipe(refrains=0.0, spans=0.0))).lower()
    contiguous = [side.phrase.text for pair in pairs for side in pair.sides if not side.phrase.gap]
    assert len(contiguous) > 100
    assert [phrase for phrase in contiguous if f" {phrase} " in text] == []


def test_what_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    """Shares beyond all, more shards than documents, a folder in use."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x", encoding="utf-8")
    for folder, options, said in (
        ("a", ("--spans", 1.5), "--spans 1.5"),
        ("a", ("--refrains", -1), "--refrains -1.0"),
        ("a", ("--documents", 3, "--shards", 4), "4 shards for 3 documents"),
        ("a", ("--pairs-per-paradigm", 0), "0 pairs a paradigm"),
        ("a", ("--shortest", 126), "--shortest 126"),
        ("full", (), "not empty"),
    ):
        answer = exposure("repeats", tmp_path / folder, *options)
        assert_sentence(answer)
        assert said in answer.err
