"""Token tables against the tokenizers' own decoding, lengths against counting, and tokenizers that are refused."""

import json
import unicodedata
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import vocabularies
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from exposure.errors import TokenizerError
from exposure.folding import canonical
from exposure.orders import TokenizerSpec
from exposure.phrases import MatchRule
from indexer.tokens import TextTokenizer

KINDS = {
    "byte-level": vocabularies.byte_level(),
    "byte-level, no normaliser": vocabularies.byte_level(None),
    "byte-level, NFKC": vocabularies.byte_level("NFKC"),
    "byte-level, prefix space": vocabularies.byte_level(prefix_space=True),
    "SentencePiece, normaliser": vocabularies.sentence_piece(),
    "SentencePiece, metaspace": vocabularies.sentence_piece("metaspace"),
    "SentencePiece, unigram": vocabularies.sentence_piece("unigram"),
}
BYTE_LEVEL = [name for name in KINDS if name.startswith("byte")]
needs_gpt_neox = pytest.mark.skipif(not vocabularies.GPT_NEOX.exists(), reason="../shared is not there")
WORDS = [
    "the",
    "The",
    "cats",
    "café",
    "cafe\u0301",
    "naïve",
    "can't",
    "can’t",
    "漢字",
    "東京",
    "ภาษาไทย",
    "😀",
    "👩‍💻",
    "ﬁne",
    "5€",
    "a_b",
    "½",
]
SPACES = [" ", " ", "  ", "\n", "\n\n", ". ", ", ", "\t", "\u00a0", "-", ""]
TEXT = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), max_size=8).map(
    lambda pairs: "".join(word + space for word, space in pairs)
)


@cache
def loaded(kind: str) -> TextTokenizer:
    """A trained tokenizer, read by the code under test."""
    with TemporaryDirectory() as folder:
        return TextTokenizer.load(vocabularies.saved(Path(folder), KINDS[kind]))


@cache
def gpt_neox() -> TextTokenizer:
    """The real tokenizer of GPT-NeoX."""
    return TextTokenizer.load(vocabularies.GPT_NEOX)


def ids_of(*ids: int) -> Any:
    """Token ids as the software holds them."""
    return np.array(ids, dtype=np.uint32)


# ------------------------------------------------------------------------------------------------------------ table


@pytest.mark.parametrize("kind", KINDS)
def test_table_is_that_of_a_second_reading(kind: str) -> None:
    """The bytes of every token are those that the library's own alphabet, or the marks of SentencePiece, give."""
    found = dict(enumerate(loaded(kind).table))
    assert found == vocabularies.token_bytes(loaded(kind).tokenizer)
    assert set(found.values()) >= {name.encode() for name in vocabularies.SPECIAL}


@pytest.mark.parametrize("kind", BYTE_LEVEL)
def test_every_token_alone_decodes_as_the_tokenizer_decodes_it(kind: str) -> None:
    """One token at a time, the table says what the tokenizer says."""
    tokenizer = loaded(kind)
    for number, content in enumerate(tokenizer.table):
        assert content.decode("utf-8", "replace") == tokenizer.tokenizer.decode([number], skip_special_tokens=False)


@needs_gpt_neox
def test_every_token_of_gpt_neox() -> None:
    """All tokens of the real vocabulary, added ones of several spaces too, decode as the tokenizer decodes them."""
    tokenizer = gpt_neox()
    decode = tokenizer.tokenizer.decode
    assert len(tokenizer.table) == tokenizer.tokenizer.get_vocab_size()
    wrong = [
        number
        for number, content in enumerate(tokenizer.table)
        if content.decode("utf-8", "replace") != decode([number], skip_special_tokens=False)
    ]
    assert wrong == []


@pytest.mark.parametrize("kind", BYTE_LEVEL)
@given(data=st.data())
def test_sequences_of_tokens_decode_as_the_tokenizer_decodes_them(kind: str, data: st.DataObject) -> None:
    """Random sequences, with characters in pieces and special tokens between."""
    tokenizer = loaded(kind)
    ids = data.draw(st.lists(st.integers(0, len(tokenizer.table) - 1), max_size=12))
    decoded = tokenizer.decode(ids_of(*ids))
    assert decoded == b"".join(tokenizer.table[number] for number in ids)
    assert decoded.decode("utf-8", "replace") == tokenizer.tokenizer.decode(ids, skip_special_tokens=False)


@needs_gpt_neox
def test_sequences_of_gpt_neox_tokens() -> None:
    """Random sequences of real tokens decode as the tokenizer decodes them."""
    tokenizer, random = gpt_neox(), Random(0)
    for _ in range(300):
        ids = [random.randrange(len(tokenizer.table)) for _ in range(random.randrange(1, 40))]
        decoded = tokenizer.decode(ids_of(*ids)).decode("utf-8", "replace")
        assert decoded == tokenizer.tokenizer.decode(ids, skip_special_tokens=False)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("Sent")])
@given(data=st.data())
def test_sentence_pieces_decode_as_the_tokenizer_decodes_them(kind: str, data: st.DataObject) -> None:
    """Behind a first token, whose space the decoder would strip, pieces, spaces and whole characters are the same."""
    tokenizer = loaded(kind)
    anchor = tokenizer.special_id("<s>")
    characters = {number for number, content in enumerate(tokenizer.table) if len(content) > 1 or content.isascii()}
    ids = data.draw(st.lists(st.sampled_from(sorted(characters)), max_size=10))
    decoded = tokenizer.decode(ids_of(anchor, *ids)).decode("utf-8")
    assert decoded == tokenizer.tokenizer.decode([anchor, *ids], skip_special_tokens=False)


# --------------------------------------------------------------------------------------------------- text and back


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXT)
def test_tokens_of_a_text_decode_to_it(kind: str, text: str) -> None:
    """What the tokens of a text decode to is the normalised text, for SentencePiece with a space in front."""
    tokenizer = loaded(kind)
    (ids,) = tokenizer.encode([text])
    decoded = tokenizer.decode(ids).decode()
    normal = {"byte-level": "NFC", "byte-level, NFKC": "NFKC", "SentencePiece, metaspace": "NFC"}.get(kind)
    expected = unicodedata.normalize(normal, text) if normal else text
    if kind == "byte-level, prefix space":
        expected = unicodedata.normalize("NFC", text)
    if kind == "SentencePiece, unigram":
        assert decoded == tokenizer.tokenizer.decode([tokenizer.special_id("<s>"), *ids], skip_special_tokens=False)[3:]
        return
    assert decoded in ((expected, " " + expected) if text else ("",))
    assert kind != "byte-level" or decoded == expected == tokenizer.normalise(text)


@pytest.mark.parametrize("kind", KINDS)
@given(texts=st.lists(TEXT, max_size=4))
def test_encoding_together_is_encoding_alone(kind: str, texts: list[str]) -> None:
    """A batch gives each text the ids that it has alone: nothing is added, cut or padded."""
    tokenizer = loaded(kind)
    together = tokenizer.encode(texts)
    alone = [tokenizer.tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    assert [ids.tolist() for ids in together] == alone
    assert all(ids.dtype == np.uint32 for ids in together)


def test_settings_of_the_file_that_would_change_rows_are_off(tmp_path: Path) -> None:
    """Truncation, padding and a post-processor in the file leave the tokens of a document as they are."""
    tokenizer = Tokenizer.from_str(KINDS["byte-level"])
    plain = tokenizer.encode("the cats sat on the mat").ids
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=9)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    reread = TextTokenizer.load(vocabularies.saved(tmp_path, tokenizer.to_str()))
    assert [ids.tolist() for ids in reread.encode(["the cats sat on the mat", ""])] == [plain, []]


@pytest.mark.parametrize("kind", KINDS)
@given(before=TEXT, words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), after=TEXT)
def test_normalised_phrase_stands_in_row_text(kind: str, before: str, words: list[str], after: str) -> None:
    """A phrase that a text holds is found, normalised, in what the text's tokens decode to."""
    tokenizer = loaded(kind)
    phrase = " ".join(words)
    (ids,) = tokenizer.encode([f"{before} {phrase} {after}"])
    row = canonical(tokenizer.decode(ids).decode(), MatchRule())
    looked_for = canonical(tokenizer.normalise_phrase(phrase), MatchRule())
    if kind == "SentencePiece, unigram" and "<unk>" in row:
        return  # what the vocabulary lacks was never shown
    assert looked_for in row


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phrase", ["the▁cats", "▁", "a ▁ b"])
def test_phrase_with_a_space_mark(kind: str, phrase: str) -> None:
    """SentencePiece makes a space of a literal ▁, in rows and so in phrases; byte-level vocabularies keep it."""
    tokenizer = loaded(kind)
    expected = phrase.replace("▁", " ").split() if kind.startswith("Sent") else phrase.split()
    assert tokenizer.normalise_phrase(phrase).split() == expected


# ----------------------------------------------------------------------------------------------------------- lengths


def measured(content: bytes) -> tuple[int, int, int]:
    """(bytes, continuing bytes, leading continuing bytes), counted."""
    continuing = [0x80 <= byte < 0xC0 for byte in content]
    lead = 0
    while lead < len(content) and continuing[lead]:
        lead += 1
    return len(content), sum(continuing), lead


@pytest.mark.parametrize("kind", KINDS)
def test_lengths_of_every_token(kind: str) -> None:
    """Bytes, continuing and leading continuing bytes of each token, counted one by one."""
    tokenizer = loaded(kind)
    lengths = tokenizer.lengths(ids_of(*range(len(tokenizer.table))))
    found = list(zip(lengths.size.tolist(), lengths.continuing.tolist(), lengths.lead.tolist(), strict=True))
    assert found == [measured(content) for content in tokenizer.table]
    assert len(tokenizer.lengths(ids_of())) == 0


@given(text=TEXT)
def test_characters_that_begin_in_tokens_are_all_characters(text: str) -> None:
    """Over a whole document the characters that begin in its tokens are the characters of its text."""
    tokenizer = loaded("byte-level")
    (ids,) = tokenizer.encode([text])
    assert tokenizer.lengths(ids).characters.sum() == len(tokenizer.normalise(text))


@cache
def damaged() -> TextTokenizer:
    """A byte-level tokenizer that lacks most bytes: what it does not know is left out, also inside a character."""
    with TemporaryDirectory() as folder:
        return TextTokenizer.load(vocabularies.saved(Path(folder), vocabularies.byte_level(None, all_bytes=False)))


@given(st.text(st.sampled_from("the caféã©Ãñ漢😀"), max_size=12))
def test_mended_lengths_fit_the_text_with_replacements(text: str) -> None:
    """Where tokens decode to no characters, lengths are those of the text with U+FFFD for what is broken."""
    tokenizer = damaged()
    (ids,) = tokenizer.encode([text])
    content = tokenizer.decode(ids)
    lengths = tokenizer.mended_lengths(ids)
    shown = content.decode("utf-8", "replace")
    assert lengths.size.sum() == len(shown.encode())
    assert lengths.characters.sum() == len(shown)
    if "\ufffd" not in shown:
        plain = tokenizer.lengths(ids)
        assert [lengths.size.tolist(), lengths.lead.tolist()] == [plain.size.tolist(), plain.lead.tolist()]
    ends = np.cumsum(lengths.size)
    for token, (start, end) in enumerate(zip(ends - lengths.size, ends, strict=True)):
        piece = shown.encode()[start:end]
        assert (lengths.size[token], lengths.continuing[token], lengths.lead[token]) == measured(piece)
        original = tokenizer.table[int(ids[token])]
        assert piece.replace("\ufffd".encode(), b"") in (
            original,
            *(original[:n] for n in range(len(original))),
            original[1:],
        )


# ------------------------------------------------------------------------------------------------------------ refusal


def test_tokenizers_without_a_table_are_refused(tmp_path: Path) -> None:
    """WordPiece and whole-word vocabularies forget spaces or case: the error says what was found and what to do."""
    words = Tokenizer(models.WordLevel({"the": 0, "[UNK]": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    for content in (vocabularies.word_piece(), words.to_str(), Tokenizer(models.BPE()).to_str()):
        with pytest.raises(TokenizerError, match="no byte-level or SentencePiece decoder"):
            TextTokenizer.load(vocabularies.saved(tmp_path, content))


def edited(kind: str, **changes: Any) -> str:
    """A tokenizer.json with keys replaced; of "vocab" only entries are added."""
    description = json.loads(KINDS[kind])
    description["model"]["vocab"] |= changes.pop("vocab", {})
    return json.dumps(description | changes)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not a tokenizer file"),
        ("{}", "not a tokenizer file"),
        ("[]", "not a tokenizer file"),
        ("\x00\x01", "not a tokenizer file"),
        ('{"version": "1.0", "model": {"type": "Magic"}}', "not a tokenizer file"),
        (edited("byte-level", vocab={"two words": 900}), "'two words'"),
        (edited("byte-level", vocab={"漢": 900}), "'漢'"),
        (edited("byte-level", normalizer={"type": "ByteLevel"}), "normaliser"),
    ],
)
def test_files_that_are_no_usable_tokenizer(content: str, said: str, tmp_path: Path) -> None:
    """Files of another kind, and vocabularies that cannot be turned into bytes, are refused by name."""
    path = vocabularies.saved(tmp_path, content)
    with pytest.raises(TokenizerError, match=said) as error:
        TextTokenizer.load(path)
    assert str(path) in str(error.value)


def test_tokenizer_without_tokens(tmp_path: Path) -> None:
    """An untrained byte-level tokenizer is refused."""
    empty = Tokenizer(models.BPE())
    empty.pre_tokenizer = pre_tokenizers.ByteLevel()
    with pytest.raises(TokenizerError, match="no tokens"):
        TextTokenizer.load(vocabularies.saved(tmp_path, empty.to_str()))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder, and bytes that are no UTF-8 are errors with the path."""
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe{}")
    for name in ("missing.json", "", "bytes.json"):
        with pytest.raises(TokenizerError, match=str(tmp_path)):
            TextTokenizer.load(tmp_path / name)


def test_holes_in_the_vocabulary_are_empty_tokens(tmp_path: Path) -> None:
    """Ids that no token has, as padded vocabularies leave them, stand for nothing."""
    tokenizer = TextTokenizer.load(vocabularies.saved(tmp_path, edited("byte-level", vocab={"Ġzebra": 900})))
    assert len(tokenizer.table) == 901
    assert tokenizer.table[900] == b" zebra"
    assert tokenizer.table[899] == b""
    assert tokenizer.lengths(ids_of(899)).lead.tolist() == [0]


def test_tokenizer_of_a_manifest_is_held_against_its_digest(tmp_path: Path) -> None:
    """A tokenizer file that was replaced is refused, with both digests."""
    path = vocabularies.saved(tmp_path, KINDS["byte-level"])
    spec = TokenizerSpec(path=str(path), sha256=TextTokenizer.load(path).sha256)
    assert TextTokenizer.of(spec).sha256 == spec.sha256
    path.write_text(KINDS["byte-level"] + "\n", encoding="utf-8")
    with pytest.raises(TokenizerError, match=f"the manifest says {spec.sha256[:12]}"):
        TextTokenizer.of(spec)


def test_special_tokens_by_name() -> None:
    """A special token is known by its content; one that the vocabulary lacks, or that is no special one, is refused."""
    byte_level, pieces = loaded("byte-level"), loaded("SentencePiece, normaliser")
    assert byte_level.table[byte_level.special_id("</s>")] == b"</s>"
    for tokenizer, name in (
        (byte_level, "<pad>"),
        (byte_level, ""),
        (byte_level, "Ġthe"),
        (pieces, "<0x0A>"),
        (pieces, "▁the"),
    ):
        with pytest.raises(TokenizerError, match="special tokens"):
            tokenizer.special_id(name)


def test_special_tokens_inside_a_document_are_themselves() -> None:
    """A document that spells out a special token is tokenised to it, and decodes to the same text."""
    tokenizer = loaded("byte-level")
    (ids,) = tokenizer.encode(["the <|endoftext|> cats"])
    assert tokenizer.special_id("<|endoftext|>") in ids.tolist()
    assert tokenizer.decode(ids) == b"the <|endoftext|> cats"


def test_normaliser_is_the_tokenizers_own() -> None:
    """NFC composes, NFKC also replaces, none leaves alone."""
    text = "cafe\u0301 ﬁ"
    assert loaded("byte-level").normalise(text) == "café ﬁ"
    assert loaded("byte-level, NFKC").normalise(text) == "café fi"
    assert loaded("byte-level, no normaliser").normalise(text) == text
    assert loaded("byte-level, NFKC").normalise_phrase("½ … x") == normalizers.NFKC().normalize_str("½ … x")
