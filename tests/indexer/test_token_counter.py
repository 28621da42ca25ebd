"""Counting by pieces against tokenising each document whole, for every kind of tokenizer."""

import io
import json
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import understood
import vocabularies
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from exposure.token_block import TokenBlock
from indexer import piece_memo
from indexer.blocks import laid_out
from indexer.compiled.piece_cuts import FULL_WINDOW
from indexer.compiled.piece_table import LONGEST_KEY, NEEDED_TOKENS
from indexer.token_counter import TokenCounter, may_leave_out
from indexer.token_counters import TokenCounters
from indexer.tokens import TextTokenizer

KINDS = understood.CUT | understood.WHOLE
KEEPING = ["GPT-2, NFC", "cl100k", "added 'the'", "added, normalised"]
NOVELS = sorted((vocabularies.REPOSITORY.parent / "shared" / "data" / "novels").glob("*.zst"))
needs_gpt_neox = pytest.mark.skipif(not vocabularies.GPT_NEOX.exists(), reason="../shared is not there")
WORDS = [
    *("the", " the", "The cats", " can't", "can't've", "'tis", " 'll", "''", "o'er", "rock'n'roll", " x", "mat."),
    *(" 2024", "12:30", "a1", "...", "(x)", "!?", "#", "it's", " — ", "“yes”", ", ", "  ", "\n", "\n\n", "\t"),
    *(
        "café",
        "cafe\u0301",
        " ã",
        "漢字",
        "😀",
        "é",
        "</s>",
        "<|endoftext|>",
        "<|endoftext|>\u0338",
        "x" * 70,
        "漢" * 50,
    ),
]
TEXT = st.lists(st.sampled_from(WORDS), max_size=10).map("".join) | st.text(max_size=10)
TEXTS = st.lists(TEXT, max_size=6)


@cache
def loaded(kind: str) -> TextTokenizer:
    """A tokenizer by its name in this file."""
    with TemporaryDirectory() as folder:
        return TextTokenizer.load(vocabularies.saved(Path(folder), KINDS[kind]))


@cache
def counters(kind: str, row_tokens: int | None = None) -> TokenCounters:
    """Counters that remember what earlier examples showed them."""
    return TokenCounters(loaded(kind), row_tokens)


def counted(kind: str, texts: list[str], row_tokens: int | None = None) -> TokenBlock:
    """The tokens of texts."""
    with counters(kind, row_tokens).one() as counter:
        return counter.block(*laid_out([text.encode() for text in texts]))


def expected(tokenizer: TextTokenizer, text: str) -> list[list[int]]:
    """(bytes, continuing bytes, leading continuing bytes) of each token of a text, tokenised whole."""
    ids = np.array(tokenizer.tokenizer.encode(text, add_special_tokens=False).ids, dtype=np.uint32)
    content = b"".join(tokenizer.table[number] for number in ids)
    is_broken = "\ufffd" in content.decode("utf-8", "replace") and "\ufffd" not in text
    lengths = tokenizer.mended_lengths(ids) if is_broken else tokenizer.lengths(ids)
    return np.array([lengths.size, lengths.continuing, lengths.lead]).T.tolist()


def is_rewritten(tokenizer: TextTokenizer, text: str) -> bool:
    """Whether the tokens of a text decode to anything but its normalised text."""
    ids = tokenizer.tokenizer.encode(text, add_special_tokens=False).ids
    return b"".join(tokenizer.table[number] for number in ids) != tokenizer.normalise(text).encode()


def triples(block: TokenBlock, index: int) -> list[list[int]]:
    """The tokens of one document of a block."""
    one = block.document(index)
    return np.array([one.size, one.continuing, one.lead]).T.tolist()


@pytest.mark.parametrize("kind", KINDS)
@example(texts=["", "the cats", "", "<s> it's"])
@given(texts=TEXTS)
def test_lengths_are_those_of_whole_documents(kind: str, texts: list[str]) -> None:
    """Every token of every document, and which documents their tokens rewrite."""
    block, tokenizer = counted(kind, texts), loaded(kind)
    assert [triples(block, index) for index in range(len(texts))] == [expected(tokenizer, text) for text in texts]
    assert block.rewritten.tolist() == [is_rewritten(tokenizer, text) for text in texts]
    assert block.tokenised.all()


@pytest.mark.parametrize("kind", KEEPING)
@example(texts=["<|endoftext|>\u0338the<|endoftext|>\u0338"], row_tokens=2)
@given(texts=TEXTS, row_tokens=st.integers(1, 30))
def test_rows_of_one_document(kind: str, texts: list[str], row_tokens: int) -> None:
    """Documents that surely fit have no tokens, others the first of theirs; no row needs more than that."""
    tokenizer = loaded(kind)
    block = TokenCounter(tokenizer, row_tokens).block(*laid_out([text.encode() for text in texts]))
    for index, text in enumerate(texts):
        whole = expected(tokenizer, text)
        if block.tokenised[index]:
            assert triples(block, index) == whole[:row_tokens]
            assert block.rewritten[index] == is_rewritten(tokenizer, text) or len(whole) > row_tokens
        else:
            assert triples(block, index) == []
            assert len(whole) <= row_tokens
            assert not is_rewritten(tokenizer, text)
        assert block.tokenised[index] == (len(text.encode()) > row_tokens or tokenizer.normalise(text) != text)


@pytest.mark.parametrize("kind", ["GPT-2, prefix space", "GPT-2, few bytes", "SentencePiece", "NFKC", "rstrip"])
def test_tokenizers_that_may_leave_out_nothing(kind: str) -> None:
    """Where a document's text may not be that of its tokens, all documents are tokenised whole, however short."""
    assert not may_leave_out(loaded(kind))
    assert TokenCounters(loaded(kind), 100).row_tokens is None
    assert counted(kind, ["the", "x" * 200], 100).tokenised.all()


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory of few pieces, looked up a few at a time."""
    monkeypatch.setattr(piece_memo, "KEPT_PIECES", FULL_WINDOW + 40)
    monkeypatch.setattr(piece_memo, "KEPT_BYTES", FULL_WINDOW * LONGEST_KEY + 200)
    monkeypatch.setattr(piece_memo, "KEPT_TOKENS", FULL_WINDOW * LONGEST_KEY + NEEDED_TOKENS)
    monkeypatch.setattr(piece_memo, "SLOT_BITS", 10)
    monkeypatch.setattr(piece_memo, "FOUND_AT_ONCE", FULL_WINDOW)
    monkeypatch.setattr(piece_memo, "ASKED_AT_ONCE", FULL_WINDOW)
    monkeypatch.setattr(piece_memo, "HELD_TOKENS", 600)


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("row_tokens", [None, 7, 700])
def test_what_is_forgotten_is_learnt_again(row_tokens: int | None) -> None:
    """Full tables, long documents and many short ones: the same lengths, whatever is remembered."""
    random, tokenizer = Random(1), loaded("GPT-2, NFC")
    counter = TokenCounter(tokenizer, row_tokens)
    for size in (3, 40, 3000, 1):
        texts = ["".join(random_word(random) for _ in range(random.randrange(size))) for _ in range(3000 // size)]
        block = counter.block(*laid_out([text.encode() for text in texts]))
        for index, text in enumerate(texts):
            if block.tokenised[index]:
                assert triples(block, index) == expected(tokenizer, text)[:row_tokens]


def random_word(random: Random) -> str:
    """A word that may never have been met: of letters, of digits, with an apostrophe, or of other characters."""
    letters = random.choice(["theca", "ths'", "12", "éa漢", "t.,!'", "abcdefghijklmnop"])
    word = "".join(random.choice(letters) for _ in range(random.randrange(1, 24)))
    return word + random.choice([" ", " ", "  ", "\n", ""])


@needs_gpt_neox
def test_merges_of_gpt_neox() -> None:
    """Random letters, digits, marks and contractions are merged as the real tokenizer merges them."""
    random, tokenizer = Random(2), gpt_neox()
    alphabet = "eeettaaoinshrdlu'''stmdvrl12.,-_ETA\"("
    texts = ["".join(random.choices(alphabet + " " * spaces, k=400)) for spaces in (0, 1, 3, 9) for _ in range(40)]
    block = TokenCounter(tokenizer).block(*laid_out([text.encode() for text in texts]))
    for index, text in enumerate(texts):
        assert triples(block, index) == expected(tokenizer, text)


@cache
def gpt_neox() -> TextTokenizer:
    """The real tokenizer of GPT-NeoX."""
    return TextTokenizer.load(vocabularies.GPT_NEOX)


@needs_gpt_neox
@given(texts=TEXTS)
def test_adversarial_text_under_gpt_neox(texts: list[str]) -> None:
    """The same text as for small vocabularies, with the real one."""
    block = neox_counter().block(*laid_out([text.encode() for text in texts]))
    assert [triples(block, index) for index in range(len(texts))] == [expected(gpt_neox(), text) for text in texts]


@cache
def neox_counter() -> TokenCounter:
    """A counter of the real tokenizer, kept from example to example."""
    return TokenCounter(gpt_neox())


@needs_gpt_neox
def test_first_documents_of_every_shard_of_novels() -> None:
    """Fifty documents of each shard of novels, token by token; benchmarks/census.py compares all of them."""
    for path in NOVELS:
        with path.open("rb") as file:
            lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8")
            texts = [json.loads(line)["text"] for _, line in zip(range(50), lines, strict=False)]
        block = neox_counter().block(*laid_out([text.encode() for text in texts]))
        encodings: Any = gpt_neox().tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        for index, encoding in enumerate(encodings):
            assert block.document(index).size.tolist() == [len(gpt_neox().table[number]) for number in encoding.ids]


def test_counters_are_borrowed() -> None:
    """Two at once are two, and what was given back is used again."""
    shared = TokenCounters(loaded("GPT-2, NFC"))
    with shared.one() as first, shared.one() as second:
        assert first is not second
    with shared.one() as again:
        assert again in (first, second)
