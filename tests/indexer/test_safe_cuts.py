"""Safe cuts against the tokenizers themselves: parts tokenised apart have the tokens of the whole."""

import io
import json
from functools import cache
from itertools import pairwise

import pytest
import understood
import vocabularies
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from indexer.pretokens import Pretokens, keeps_every_byte
from indexer.safe_cuts import SafeCuts

PIECES = [
    *(" ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u2028", "\u3000", "\u0085", "\x1c", "\u200b"),
    *("the", "The", "cats", "can", "x", "sat", "mat", "a", "e", "s", "t", "re", "ll", "L", "ſ"),
    *("1", "12", "2024", "½", "٣", "Ⅷ"),
    *("'", "''", "'s", "'LL", "’", "’s", "“", "”", "—", "…", "\u2010", "\u2027"),
    *(".", "!", "?\n", "<|endoftext|>", "</s>", "<s>", "#", "_", "(", "=", "=\u0338", "\u0338", "zz"),
    *(
        "é",
        "e\u0301",
        "\u0301",
        "漢",
        "字",
        "ภ",
        "😀",
        "👩‍💻",
        "ﬁ",
        "\U0001d15e",
        "\u0958",
        "각",
        "\u11a8",
        "\ufeff",
        "\x00",
    ),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=12)
needs_gpt_neox = pytest.mark.skipif(not vocabularies.GPT_NEOX.exists(), reason="../shared is not there")
NOVELS = vocabularies.REPOSITORY.parent / "shared" / "data" / "novels"


@cache
def loaded(kind: str) -> tuple[Tokenizer, SafeCuts]:
    """A tokenizer whose texts may be cut, and where."""
    content = understood.CUT[kind]
    return Tokenizer.from_str(content), cuts_of(content)


def cuts_of(content: str) -> SafeCuts:
    """The safe cuts of a tokenizer.json that is understood."""
    cuts = SafeCuts.of(Pretokens.of(json.loads(content)))
    assert cuts is not None
    return cuts


def ids_of(tokenizer: Tokenizer, text: str) -> list[int]:
    """The tokens of a text."""
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def parts_of(text: str, places: list[int]) -> list[str]:
    """A text cut at places."""
    return [text[a:b] for a, b in pairwise([0, *places, len(text)])]


@pytest.mark.parametrize("kind", understood.CUT)
@example(text="cats. “The")
@example(text="it's 12345 x\n2024 '' the</s>cats")
@given(text=TEXT)
def test_tokens_of_parts_are_those_of_the_whole(kind: str, text: str) -> None:
    """Cut at all safe places, and at each of them alone, a text has the tokens that it has whole."""
    tokenizer, cuts = loaded(kind)
    whole, places = ids_of(tokenizer, text), list(cuts.places(text))
    for chosen in [places, *([place] for place in places)]:
        assert [number for part in parts_of(text, chosen) for number in ids_of(tokenizer, part)] == whole


@needs_gpt_neox
@given(text=TEXT)
def test_parts_under_gpt_neox(text: str) -> None:
    """The same with the real tokenizer, which has added tokens of many spaces."""
    tokenizer, cuts = gpt_neox()
    parts = parts_of(text, list(cuts.places(text)))
    assert [number for part in parts for number in ids_of(tokenizer, part)] == ids_of(tokenizer, text)


@cache
def gpt_neox() -> tuple[Tokenizer, SafeCuts]:
    """The real tokenizer."""
    content = vocabularies.GPT_NEOX.read_text(encoding="utf-8")
    return Tokenizer.from_str(content), cuts_of(content)


@needs_gpt_neox
def test_parts_of_a_novel() -> None:
    """Sixty documents of novels, each cut at all of its safe places, under the real tokenizer."""
    tokenizer, cuts = gpt_neox()
    with (NOVELS / "shard-00000.jsonl.zst").open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8")
        texts = [json.loads(line)["text"] for _, line in zip(range(60), lines, strict=False)]
    for text in texts:
        parts = parts_of(text, list(cuts.places(text)))
        encodings = tokenizer.encode_batch_fast(parts, add_special_tokens=False)
        assert [number for one in encodings for number in one.ids] == ids_of(tokenizer, text)


@pytest.mark.parametrize(
    ("kind", "text", "parts"),
    [
        ("GPT-2, NFC", "The cats, 12 of them", ["The", " cats", ",", " 12", " of", " them"]),
        ("GPT-2, NFC", "now.\nA dog’s", ["now", ".", "\n", "A", " dog", "’", "s"]),
        ("cl100k", "The cats, 12 of (them).\nA", ["The", " cats", ",", " 12", " of", " (them", ").\n", "A"]),
        ("GPT-2, prefix space", "The cats, 12.", ["The", " cats,", " 12."]),
        ("added 't.'", "cat. dog.", ["cat.", " dog", "."]),
        ("added 'e c'", "the cats", ["the cats"]),
        ("GPT-2, NFC", "it's  two", ["it's", "  two"]),
        ("GPT-2, NFC", "a\n\nb \n c", ["a", "\n\nb", " \n c"]),
        ("GPT-2, NFC", "\u00a0 x漢 字é.", ["\u00a0 x漢", " 字é."]),
    ],
)  # fmt: skip
def test_where_texts_are_cut(kind: str, text: str, parts: list[str]) -> None:
    """Words, numbers and marks stand apart, unless the tokenizer might join them."""
    assert parts_of(text, list(loaded(kind)[1].places(text))) == parts


@pytest.mark.parametrize("kind", understood.WHOLE)
def test_tokenizers_that_are_not_understood(kind: str) -> None:
    """Where nothing is known no cut is safe, and no document may be left out."""
    description = json.loads(understood.WHOLE[kind])
    assert SafeCuts.of(Pretokens.of(description)) is None
    assert not keeps_every_byte(description)


def test_model_that_draws_lots() -> None:
    """Merges that are left out at random are the same in no two tokenisings."""
    assert Pretokens.of(json.loads(understood.edited(vocabularies.byte_level(), dropout=0.1))) is None


KEEPING = [kind for kind in understood.CUT if keeps_every_byte(json.loads(understood.CUT[kind]))]


def test_which_keep_every_byte() -> None:
    """All that are understood, but for those that put a space in front or lack bytes."""
    assert set(understood.CUT) - set(KEEPING) == {"GPT-2, prefix space", "GPT-2, few bytes"}
    affixed = understood.edited(vocabularies.byte_level(), end_of_word_suffix="</w>")
    assert not keeps_every_byte(json.loads(affixed))


@pytest.mark.parametrize("kind", KEEPING)
@given(text=TEXT)
def test_no_more_tokens_than_bytes(kind: str, text: str) -> None:
    """A text that the normaliser leaves alone has no more tokens than bytes, and they decode to it."""
    tokenizer = loaded(kind)[0]
    stable = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
    ids = ids_of(tokenizer, stable)
    assert len(ids) <= len(stable.encode())
    assert b"".join(token_bytes(kind)[number] for number in ids).decode() == stable


@cache
def token_bytes(kind: str) -> dict[int, bytes]:
    """The bytes of every token, read without the project."""
    return vocabularies.token_bytes(loaded(kind)[0])
