"""Documents as the model's tokens spell them, in blocks, against the tokenizer asked about each document."""

import numpy as np
import pytest
import vocabularies
from hypothesis import given, settings
from hypothesis import strategies as st

from exposure.token_block import TokenBlock
from indexer.blocks import DocumentBlock, laid_out
from indexer.nfc_table import PAGE, UNSURE, nfc_table
from indexer.spelling import SpelledBlock, spelled_block, spelling_of
from indexer.tokens import TextTokenizer

KINDS = {
    "no normaliser": vocabularies.byte_level(None),
    "NFC": vocabularies.byte_level(),
    "NFD": vocabularies.byte_level("NFD"),
    "lower case": vocabularies.byte_level("Lowercase"),
    "few bytes": vocabularies.byte_level(None, all_bytes=False),
    "pieces": vocabularies.sentence_piece(),
}
MARKS = st.sampled_from("aeé\u0301\u0323\u0345\u0f71\u0f74\u05b0\u05bc각\u1100\u1161\u11a8\u212b漢😀\u0344")
TEXT = st.text(st.one_of(MARKS, st.characters(exclude_categories=["Cs"])), max_size=90)


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TextTokenizer]:
    """Every kind of tokenizer."""
    folder = tmp_path_factory.mktemp("tokenizers")
    return {
        kind: TextTokenizer.load(vocabularies.saved(folder, content, f"{number}.json"))
        for number, (kind, content) in enumerate(KINDS.items())
    }


def spelled(texts: list[str], tokenizer: TextTokenizer, left_out: list[bool]) -> SpelledBlock:
    """The texts as one block; the census left out the tokens of some, where their tokens spell them as they stand."""
    answers = tokenizer.tokenised(texts)
    known = [not out or text_by_tokens(text, tokenizer) != text for out, text in zip(left_out, texts, strict=True)]
    kept = [one.lengths for one, is_known in zip(answers, known, strict=True) if is_known]
    columns = [
        np.concatenate([np.empty(0, dtype=np.uint16), *(getattr(one, name) for one in kept)])
        for name in ("size", "continuing", "lead")
    ]
    counts = [len(one.lengths) * is_known for one, is_known in zip(answers, known, strict=True)]
    rewritten = np.array([one.is_rewritten for one in answers])
    block = DocumentBlock(*laid_out([text.encode() for text in texts]), 0, str)
    return spelled_block(block, TokenBlock.of(np.cumsum([0, *counts]), columns, rewritten, np.array(known)), tokenizer)


def text_by_tokens(text: str, tokenizer: TextTokenizer) -> str:
    """What the model saw of a document."""
    return tokenizer.decode(tokenizer.encode([text])[0]).decode("utf-8", "replace")


@pytest.mark.parametrize("kind", KINDS)
@given(texts=st.lists(TEXT, min_size=1, max_size=5), data=st.data())
@settings(max_examples=60)
def test_a_document_is_what_its_tokens_spell(
    tokenizers: dict[str, TextTokenizer], kind: str, texts: list[str], data: st.DataObject
) -> None:
    """Every document has the bytes of its tokens, and their lengths where the census knows them."""
    tokenizer = tokenizers[kind]
    left_out = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    found = spelled(texts, tokenizer, left_out)
    for index, text in enumerate(texts):
        expected = text_by_tokens(text, tokenizer)
        assert found.text[found.starts[index] : found.ends[index]].tobytes().decode() == expected
        sizes = found.tokens.size[found.first_token[index] : found.end_token[index]].tolist()
        assert sizes == (tokenizer.tokenised([text])[0].lengths.size.tolist() if found.tokenised[index] else [])
        assert spelling_of(text, expected != tokenizer.normalise(text), tokenizer) == expected


def test_nothing_is_done_for_plain_text(tokenizers: dict[str, TextTokenizer]) -> None:
    """What NFC surely leaves alone stays where it is: ASCII, composed letters, ideographs, marks in order."""
    texts = ["plain", "café “naïve” — 漢字 한국어 😀 Ελλάς Москва", "", "ש\u05b0\u05bc", "ภาษาไทย"]
    found = spelled(texts, tokenizers["NFC"], [False] * len(texts))
    assert found.text is found.block.text
    assert spelled(["e\u0301"], tokenizers["NFC"], [False]).text.tobytes().count("é".encode()) == 1


def test_code_points_that_are_sure(tokenizers: dict[str, TextTokenizer]) -> None:
    """The tokenizer's NFC leaves alone every code point that the table is sure of, between letters and behind one."""
    page_of, pages = nfc_table()
    values = pages[page_of].reshape(-1)
    sure = "".join(chr(code) for code in np.flatnonzero(values != UNSURE).tolist() if not 0xD800 <= code < 0xE000)
    assert len(page_of) * PAGE == 0x200000  # all that four bytes of UTF-8 can say
    assert len(sure) > 140_000
    text = "".join(f"o{character}" for character in sure)
    assert tokenizers["NFC"].normalise(text) == text


def test_shuffled_sure_code_points(tokenizers: dict[str, TextTokenizer]) -> None:
    """Whatever stands beside whatever: a text of sure code points whose marks are in order is left alone."""
    page_of, pages = nfc_table()
    values = pages[page_of].reshape(-1)
    starters = np.array([code for code in np.flatnonzero(values == 0).tolist() if not 0xD800 <= code < 0xE000])
    marks = np.flatnonzero((values != 0) & (values != UNSURE))
    marks = marks[np.argsort(values[marks], kind="stable")]
    for seed in range(3):
        random = np.random.default_rng(seed)
        chosen = [np.sort(random.choice(len(marks), 3)) for _ in range(2000)]
        text = "".join(
            "".join(map(chr, (*random.choice(starters, 2).tolist(), *marks[one].tolist()))) for one in chosen
        )
        assert tokenizers["NFC"].normalise(text) == text
