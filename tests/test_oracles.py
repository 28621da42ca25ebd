"""The oracle of exposure is trusted because of these cases, worked out by hand or by a second, different walk."""

import gzip
import json
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np
import oracle_main
import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import (
    Corpus,
    Finder,
    Passage,
    Phrase,
    Position,
    Row,
    Rule,
    Vocabulary,
    byte_of_unicode,
    decode,
    demands_boundary,
    elements,
    exposures,
    find,
    find_slow,
    fold,
    pattern,
    read_documents,
    rows,
    slots,
)
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

SHARED = Path(__file__).parents[2] / "shared"
FOLD, RAW, VERBATIM = Rule(), Rule(boundary="none"), Rule(whitespace="verbatim")
END = "<|endoftext|>"


# --------------------------------------------------------------------------------------------- phrases, by hand


@pytest.mark.parametrize(
    ("text", "phrase", "rule", "starts"),
    [
        # word boundaries
        ("cat cats cat", "cat", FOLD, [0, 9]),
        ("cat cats cat", "cat", RAW, [0, 4, 9]),
        ("paula references", "paula reference", FOLD, []),
        ("paula references", "paula reference", RAW, [0]),
        ("cats can't", "cats can", FOLD, [0]),
        ("cat_ _cat cat9 écat cat-", "cat", FOLD, [20]),
        ("x. ran", ". ran", FOLD, [1]),
        ("the cat", "e cat", FOLD, []),
        # overlapping matches
        ("a a a", "a a", FOLD, [0, 2]),
        ("aaaa", "aa", RAW, [0, 1, 2]),
        # folding
        ("The CAT", "the cat", FOLD, [0]),
        ("the cat", "THE Cat", FOLD, [0]),
        ("The cat the cat", "the cat", Rule(case="exact"), [8]),
        ("don’t donʼt don't", "don't", FOLD, [0, 6, 12]),
        ("don't", "don’t", FOLD, [0]),
        ("don’t", "don't", Rule(case="exact"), []),
        ("İx ΟΔΟΣ", "οδοσ", FOLD, [3]),
        ("İx", "ix", FOLD, [0]),
        ("catʼs", "cat", FOLD, [0]),
        ("catʼs", "cat", Rule(case="exact"), []),
        # white space
        ("the  \t\u00a0cat", "the cat", FOLD, [0]),
        ("the \n cat", "the cat", FOLD, [0]),
        ("the\r\ncat", "the cat", FOLD, [0]),
        ("the\n\ncat", "the cat", FOLD, []),
        ("the\n \r\ncat", "the cat", FOLD, []),
        ("the\n\rcat", "the cat", FOLD, []),
        ("the\u2028cat the\u2028\u2029cat", "the cat", FOLD, [0]),
        ("the\x1fcat the\x1c\x1dcat", "the cat", FOLD, [0]),
        ("thecat", "the cat", FOLD, []),
        ("the cat", "  the \n\n cat ", FOLD, [0]),
        ("the  cat the\ncat the cat", "the cat", VERBATIM, [17]),
        ("the\u00a0cat", "the\u00a0cat", VERBATIM, []),
        # characters that mean something to a regular expression
        ("a.c abc", "a.c", FOLD, [0]),
        ("(a) [b]", "(a) [b]", FOLD, [0]),
        # scripts without spaces
        ("犬猫犬", "猫", FOLD, [1]),
        ("コーヒーを", "コーヒー", FOLD, [0]),
        ("กแมวก", "แมว", FOLD, [1]),
        ("猫cat cat", "cat", FOLD, [5]),
        ("xcat猫x xcat猫", "cat猫", RAW, [1, 8]),
        ("xcat猫x cat猫x", "cat猫", FOLD, [7]),
        ("한국어", "국", FOLD, []),
    ],
)
def test_phrase_by_hand(text: str, phrase: str, rule: Rule, starts: list[int]) -> None:
    """A phrase is found at exactly these characters."""
    assert find_slow(Phrase(phrase), text, rule) == starts
    assert find([Phrase(phrase)], text, rule).get(Phrase(phrase), []) == starts


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("It ran. It ran", [3, 11]),
        ("It ran?! It ran away.", [3]),
        ("It ran, it ran; it ran", [19]),
        ("it ran .", []),
        ("it ran\n", []),
        ('it ran".', []),
    ],
)
def test_sentence_end_by_hand(text: str, starts: list[int]) -> None:
    """A phrase that asks for a sentence end is followed directly by . ? ! or by the end of the text."""
    assert find_slow(Phrase("ran", sentence_end=True), text, FOLD) == starts


@pytest.mark.parametrize(
    ("text", "gap", "starts"),
    [
        ("her self", 1, [0]),
        ("her a self", 1, []),
        ("her a self", 2, [0]),
        ("self her", 5, []),
        ("herself her-self", 5, []),  # "self" is found in "her-self", but in the word of its "her": distance 0
        ("her her-self", 5, [0]),
        ("her her self", 5, [4]),  # the nearest earlier one only
        ("her self self", 5, [0, 0]),  # one match for each later one
        ("her one. Self", 5, []),
        ('her one." self', 5, []),
        ("her one.’) self", 5, []),
        ("her one?! self", 5, []),
        ("her 1.5 self", 5, [0]),
        ("her one.” said self", 5, []),
        ("her Mr. self", 5, [0]),
        ("her (MRS.) self", 5, [0]),
        ("her mr.. self", 5, []),
        ("her mr! self", 5, []),
        ("her xmr. self", 5, []),
        ("her 1st. self", 5, [0]),
        ("her A. self", 5, []),
        ("her\nself", 5, [0]),
        ("her\n\nself", 5, []),
        ("her.self", 5, []),
        ("her one, her. Self x self", 5, []),
        ("Her one. Her one two self", 2, []),
        ("Her one. Her one two self", 3, [9]),
    ],
)
@pytest.mark.parametrize("rule", [FOLD, VERBATIM])
def test_gap_by_hand(text: str, gap: int, starts: list[int], rule: Rule) -> None:
    """A gap pattern is found at its earlier word, once for each later word, in one sentence, near enough."""
    phrase = Phrase("her … self", gap)
    assert find_slow(phrase, text, rule) == starts
    assert find([phrase], text, rule).get(phrase, []) == starts


def test_gap_with_other_rules_and_spellings() -> None:
    """Abbreviations have no case, and white space around the ellipsis of a gap pattern is any."""
    assert find_slow(Phrase("her … self", 5), "her MRS. self", Rule(case="exact")) == [0]
    assert find_slow(Phrase("her\u00a0…\n self", 5), "her self", FOLD) == [0]


def test_gap_elements_may_be_phrases_and_may_overlap() -> None:
    """Word distance counts from the words in which the two elements start."""
    assert find_slow(Phrase("the big … big dog", 1), "see the big dog", FOLD) == [4]
    assert find_slow(Phrase("a b … c", 1), "a b c", FOLD) == []
    assert find_slow(Phrase("a b … c", 2), "a\nb c", FOLD) == [0]


@pytest.mark.parametrize(
    "phrase",
    [
        Phrase(" "),
        Phrase("a b", 3),
        Phrase("a … ", 3),
        Phrase("a … b … c", 3),
        Phrase("a … b", 3, True),
        Phrase("a", -1),
    ],
)
def test_impossible_phrases_are_refused(phrase: Phrase) -> None:
    """A phrase that cannot be looked for is an error, never silently absent."""
    with pytest.raises(ValueError, match="Phrase"):
        elements(phrase, FOLD)


def test_an_ellipsis_without_a_gap_is_text() -> None:
    """Only a phrase with a gap is divided."""
    assert find_slow(Phrase("a … b"), "a … b", FOLD) == [0]


# ------------------------------------------------------------------------------------------- all of Unicode


def every_character() -> Sequence[str]:
    return [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


def test_expressions_mean_what_the_rules_say() -> None:
    r"""`\w` is isalnum() or "_", `\s` is isspace(), and the line breaks are str.splitlines()', for every character."""
    cat, two_spaces = pattern("cat", FOLD), pattern("a b", FOLD)
    for character in every_character():
        assert bool(cat.search("cat" + character)) != (character.isalnum() or character == "_")
        if character.isspace():
            breaks_lines = len(f"a{character}b".splitlines()) > 1
            assert bool(two_spaces.search(f"a{character * 2}b")) != breaks_lines


def test_fold_is_one_to_one_and_lower_case() -> None:
    """Folding keeps length; only U+0130 and the two apostrophes are not Python's lower case."""
    odd = {"\u0130": "i", "\u2019": "'", "\u02bc": "'"}
    text = "".join(every_character())
    assert fold(text, FOLD) == "".join(odd.get(character) or character.lower() for character in every_character())
    assert fold(text, Rule(case="exact")) == text


def test_scripts_without_spaces_by_name() -> None:
    """Among word characters, the block ranges hold those that Unicode names for one of the six scripts."""
    families = ("THAI ", "LAO ", "KHMER ", "HIRAGANA ", "KATAKANA", "HALFWIDTH KATAKANA", "HENTAIGANA ")
    han = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC ITERATION", "IDEOGRAPHIC NUMBER", "HANGZHOU")
    for character in filter(str.isalnum, every_character()):
        name = unicodedata.name(character, "")
        named = name.startswith((*families, *han, "VERTICAL IDEOGRAPHIC"))
        assert demands_boundary(character) != named, f"U+{ord(character):04X} {name}"
    assert demands_boundary("_")
    assert not demands_boundary("'")


# --------------------------------------------------------------------------------- a second, different walk


def walk(element: str, text: str, rule: Rule, sentence_end: bool) -> list[int]:
    """Every start of an element in folded text, character by character, without regular expressions."""
    ends = {start: _walk_from(element, text, start, rule) for start in range(len(text))}
    return [
        s for s, end in ends.items() if end and _edges(element, text, s, end, rule) and _ends(text, end, sentence_end)
    ]


def _walk_from(element: str, text: str, start: int, rule: Rule) -> int | None:
    position = start
    for character in element:
        if character == " " and rule.whitespace == "collapse":
            run = "".join(takewhile(str.isspace, text[position:]))
            if not run or _line_breaks(run) > 1:
                return None
            position += len(run)
        elif text[position : position + 1] == character:
            position += 1
        else:
            return None
    return position


def _line_breaks(run: str) -> int:
    return len(f"{run}.".splitlines()) - 1


def _edges(element: str, text: str, start: int, end: int, rule: Rule) -> bool:
    neighbours = [(element[0], text[start - 1 : start]), (element[-1], text[end : end + 1])]
    wordy = [demands_boundary(edge) and (other.isalnum() or other == "_") for edge, other in neighbours]
    return rule.boundary == "none" or not any(wordy)


def _ends(text: str, end: int, sentence_end: bool) -> bool:
    return not sentence_end or end == len(text) or text[end] in ".?!"


def walk_gap(phrase: Phrase, text: str, rule: Rule) -> list[int]:
    """The same for a gap pattern in folded text, with a word number and a sentence number for every character."""
    earlier, later = (walk(element, text, rule, False) for element in elements(phrase, rule))
    words, sentences = _word_numbers(text), _sentence_numbers(text)
    found = []
    for target in later:
        near = [e for e in earlier if sentences[e] == sentences[target] and words[e] < words[target]]
        if near and words[target] - words[near[-1]] <= phrase.gap:
            found.append(near[-1])
    return sorted(found)


def _word_numbers(text: str) -> list[int]:
    return [len(f"{text[:position]}.".split()) for position in range(len(text))]


def _sentence_numbers(text: str) -> list[int]:
    numbers, number = [], 0
    for position in range(len(text)):
        number += _sentence_starts(text, position)
        numbers.append(number)
    return numbers


def _sentence_starts(text: str, position: int) -> bool:
    """Whether a sentence ends just before this character."""
    before = text[:position]
    spaces = before[len(before.rstrip()) :]
    if not text[position].isspace():
        return _line_breaks(spaces) > 1
    marks = before.rstrip("\"'”’»)")
    rest = marks.rstrip(".?!")
    letters = "".join(takewhile(str.isalpha, reversed(rest)))[::-1]
    abbreviation = len(marks) - len(rest) == 1 and marks[-1] == "." and letters.lower() in ("mr", "etc")
    return marks != rest and not abbreviation


PIECES = ["a", "b", "ab", "A", "É", "_", "猫", "ー", "mr", "Etc", "'", "’", "ʼ", '"', "”", ")", ".", "?", "!", " ", "…"]
PIECES += ["  ", "\t", "\n", "\r\n", "\r", "\n\n", "\u2028", "\x1f", "\u00a0"]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
rules = st.builds(
    Rule,
    st.sampled_from(["fold", "exact"]),
    st.sampled_from(["word", "none"]),
    st.sampled_from(["collapse", "verbatim"]),
)


@st.composite
def slices(draw: st.DrawFn, text: str) -> str:
    """A piece of the text, so that it often occurs; a letter where the piece would be blank."""
    start = draw(st.integers(0, len(text)))
    piece = text[start : start + draw(st.integers(1, 14))]
    return piece if piece.strip() else "a"


@st.composite
def phrases(draw: st.DrawFn, text: str) -> Phrase:
    """A phrase or a gap pattern, made of pieces of the text."""
    gap = draw(st.sampled_from([0, 0, 1, 2, 5]))
    if not gap:
        return Phrase(draw(slices(text)), 0, draw(st.booleans()))
    pieces = [draw(slices(text)).replace("…", "a") for _ in range(2)]
    return Phrase(" … ".join(pieces), gap)


@settings(max_examples=500, deadline=None)
@given(st.data(), texts, rules)
def test_find_slow_equals_a_walk(data: st.DataObject, text: str, rule: Rule) -> None:
    """The reference agrees with a walk over characters that was written another way."""
    phrase = data.draw(phrases(text))
    folded = fold(text, rule)
    if phrase.gap:
        assert find_slow(phrase, text, rule) == walk_gap(phrase, folded, rule)
    else:
        assert find_slow(phrase, text, rule) == walk(elements(phrase, rule)[0], folded, rule, phrase.sentence_end)


@settings(max_examples=500, deadline=None)
@given(st.data(), texts, rules)
def test_find_equals_find_slow(data: st.DataObject, text: str, rule: Rule) -> None:
    """Skipping phrases that do not occur changes nothing."""
    wanted = data.draw(st.lists(phrases(text), max_size=6))
    expected = {phrase: find_slow(phrase, text, rule) for phrase in wanted}
    assert find(wanted, text, rule) == {phrase: starts for phrase, starts in expected.items() if starts}


# ------------------------------------------------------------------------------------------ tokens and rows


@pytest.fixture(name="vocabulary")
def one_token_a_byte(tmp_path: Path) -> Vocabulary:
    """A tokenizer with NFC whose tokens are single bytes, but for "ab" and the end of a document."""
    alphabet = [*sorted(byte_of_unicode()), "ab"]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(alphabet)}, merges=[("a", "b")]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([END])
    tokenizer.post_processor = processors.TemplateProcessing(f"{END} $A", special_tokens=[(END, 257)])
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=5)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return Vocabulary(tmp_path / "tokenizer.json")


def write(path: Path, *texts: str) -> Path:
    """A shard whose document ids are its name's first letter and a number: "a0", "a1", …"""
    lines = [json.dumps({"id": f"{path.name[0]}{i}", "text": text}) for i, text in enumerate(texts)]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


@pytest.fixture(name="shards")
def two_shards(tmp_path: Path) -> list[Path]:
    """Four documents; the first and an empty one in the first shard."""
    return [write(tmp_path / "a.jsonl", "cat", ""), write(tmp_path / "b.jsonl", "é cat", "xy")]


def test_the_byte_alphabet(vocabulary: Vocabulary) -> None:
    """Byte-level BPE's alphabet is GPT-2's, and tokens turn into their bytes."""
    alphabet = byte_of_unicode()
    assert set(alphabet) == set(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(alphabet.values()) == list(range(256))
    assert (alphabet["Ġ"], alphabet["Ċ"], alphabet["a"], alphabet["Ã"]) == (0x20, 0x0A, 0x61, 0xC3)
    ids = vocabulary.encode(f"é ab{END}")
    assert [vocabulary.token_bytes[i] for i in ids] == [b"\xc3", b"\xa9", b" ", b"ab", END.encode()]


@given(st.binary(max_size=30) | st.text().map(str.encode))
def test_decode_equals_python(data: bytes) -> None:
    """Decoding agrees with Python's replacement, and every undamaged character starts where it says."""
    text, starts = decode(data)
    assert text == data.decode("utf-8", "replace")
    assert all(data[s:].startswith(c.encode()) for c, s in zip(text, starts, strict=True) if c != "\ufffd")
    assert starts == sorted(set(starts))


def test_a_damaged_character_knows_its_bytes() -> None:
    """Two bytes of a cut character are one replacement character; a stray byte is one of its own."""
    assert decode(b"\xe2\x80x\x80\xff\xef\xbf\xbd.") == ("\ufffdx\ufffd\ufffd\ufffd.", [0, 2, 3, 4, 5, 8])


def test_one_document_a_row(vocabulary: Vocabulary, shards: list[Path]) -> None:
    """A row is a document's first tokens; an empty document is an empty row; a cut may fall inside a character."""
    corpus = Corpus(shards, vocabulary, "document", 4)
    assert corpus.n_rows == 4
    assert list(rows(corpus)) == [
        Row(0, [Passage("cat", 0, "a0", 0, 0)], [1, 1, 1], [0, 1, 2]),
        Row(1, [], [], []),
        Row(2, [Passage("é c", 0, "b0", 1, 0)], [1, 1, 1, 1], [0, 2, 3]),
        Row(3, [Passage("xy", 0, "b1", 1, 1)], [1, 1], [0, 1]),
    ]
    cut = next(rows(Corpus(shards[1:], vocabulary, "document", 1)))
    assert cut == Row(0, [Passage("\ufffd", 0, "b0", 0, 0)], [1], [0])


def test_concatenated_rows(vocabulary: Vocabulary, shards: list[Path]) -> None:
    """c a t E | E C3 A9 _ | c a t E | x y E: three whole rows of four tokens; the last is dropped."""
    corpus = Corpus(shards, vocabulary, "concatenate", 4)
    assert corpus.n_rows == 3
    assert list(rows(corpus)) == [
        Row(0, [Passage("cat", 0, "a0", 0, 0)], [1, 1, 1, 13], [0, 1, 2] + [3] * 13),
        Row(1, [Passage("é ", 13, "b0", 1, 0)], [13, 1, 1, 1], [0] * 13 + [1, 3]),
        Row(2, [Passage("cat", 0, "b0", 1, 0)], [1, 1, 1, 13], [0, 1, 2] + [3] * 13),
    ]
    assert [row.row_index for row in rows(corpus, only_shard=0)] == [0]
    assert [row.row_index for row in rows(corpus, only_shard=1)] == [1, 2]


def test_concatenated_rows_cut_inside_a_character(vocabulary: Vocabulary, shards: list[Path]) -> None:
    """c a t E E C3 | A9 _ c a t E | x y E: each half of the é is a replacement character."""
    first, second = rows(Corpus(shards, vocabulary, "concatenate", 6))
    assert first.passages == [Passage("cat", 0, "a0", 0, 0), Passage("\ufffd", 29, "b0", 1, 0)]
    assert second.passages == [Passage("\ufffd cat", 0, "b0", 1, 0)]
    assert (first.token_of[29], second.token_of[:3]) == (5, [0, 1, 2])


def test_an_end_of_document_inside_a_text_divides_nothing(vocabulary: Vocabulary, tmp_path: Path) -> None:
    """Documents are known by construction, not by their tokens."""
    shard = write(tmp_path / "a.jsonl", f"x{END}y")
    assert [row.passages for row in rows(Corpus([shard], vocabulary, "concatenate", 4))] == [
        [Passage(f"x{END}y", 0, "a0", 0, 0)]
    ]


def test_without_a_tokenizer(shards: list[Path]) -> None:
    """A row is a document's whole text, as it is."""
    assert [row.passages for row in rows(Corpus(shards), only_shard=1)] == [
        [Passage("é cat", 0, "b0", 1, 0)],
        [Passage("xy", 0, "b1", 1, 1)],
    ]


def test_every_format_reads_the_same(tmp_path: Path) -> None:
    """jsonl, gz and zst of several frames, and parquet hold the same documents."""
    lines = [json.dumps({"id": i, "text": f"text\u2028{i}\r"}, ensure_ascii=False).encode() + b"\n" for i in range(5)]
    (tmp_path / "s.jsonl").write_bytes(b"".join(lines))
    (tmp_path / "s.jsonl.gz").write_bytes(b"".join(map(gzip.compress, lines)))
    (tmp_path / "s.jsonl.zst").write_bytes(b"".join(map(zstandard.compress, lines)))
    table = pyarrow.Table.from_pylist([json.loads(line) for line in lines])
    pyarrow.parquet.write_table(table, tmp_path / "s.parquet", row_group_size=2)
    for path in tmp_path.iterdir():
        assert [(d.document_index, d.id, d.text) for d in read_documents([path])] == [
            (i, i, f"text\u2028{i}\r") for i in range(5)
        ], path


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', '{"text": "x"}', '{"id": 1, "text": null}', ""])
def test_a_bad_document_is_named(line: str, tmp_path: Path) -> None:
    """A line that is no document is refused with its file and number."""
    (tmp_path / "s.jsonl").write_text('{"id": 0, "text": "x"}\n' + line + "\n", "utf-8")
    with pytest.raises(ValueError, match=r"s\.jsonl, (line 2|document 1)"):
        list(read_documents([tmp_path / "s.jsonl"]))


# -------------------------------------------------------------------------------------- slots and exposures


def test_shuffles_are_the_published_ones() -> None:
    """OLMo's order for seed 6198, epoch by epoch, after epochs in file order."""
    twelve, eight = [9, 4, 3, 2, 6, 0, 10, 11, 7, 8, 1, 5], [6, 2, 7, 3, 0, 1, 4, 5]
    assert slots(12, seed=6198) == twelve
    assert slots(8, epochs=2, seed=6197, shuffle_from_epoch=1) == [*range(8), *eight]
    assert slots(8, epochs=2, seed=6197)[8:] == eight
    assert slots(2, epochs=3) == [0, 1, 0, 1, 0, 1]
    assert slots(3, order=[2, 0, 2, 2]) == [2, 0, 2, 2]
    with pytest.raises(ValueError, match="row 3"):
        slots(3, order=[0, 3])


def test_exposures_by_hand(vocabulary: Vocabulary, shards: list[Path]) -> None:
    """Two epochs of three rows in batches of two: the slots 0, 2, 3 and 5 show "cat"."""
    corpus = Corpus(shards, vocabulary, "concatenate", 4)
    cat, dog, e = Phrase("cat"), Phrase("dog"), Phrase("é")
    result = exposures(rows(corpus), slots(3, epochs=2), 2, Finder([cat, dog], FOLD), k=3)
    first, last = Position(0, 0, 0, 0, "a0"), Position(2, 1, 0, 0, "b0")
    assert result.keys() == {cat}
    assert (result[cat].count, result[cat].first, result[cat].last) == (4, first, last)
    assert result[cat].first_k == [first, Position(1, 0, 0, 0, "b0"), Position(1, 1, 0, 0, "a0")]
    assert result[cat].by_batch == Counter({0: 1, 1: 2, 2: 1})
    assert exposures(rows(corpus), [0, 2, 0], 2, Finder([cat, e], FOLD)).keys() == {cat}  # row 1 is never shown


def test_exposures_of_one_shard(vocabulary: Vocabulary, shards: list[Path]) -> None:
    """Positions are those of the whole run; only one shard's passages count, also in rows that it shares."""
    corpus = Corpus(shards, vocabulary, "concatenate", 11)  # c a t E E C3 A9 _ c a t
    found = {
        shard: exposures(rows(corpus, shard), [0], 1, Finder([Phrase("cat")], FOLD), only_shard=shard)[Phrase("cat")]
        for shard in (0, 1)
    }
    assert (found[0].count, found[0].first) == (1, Position(0, 0, 0, 0, "a0"))
    assert (found[1].count, found[1].first) == (1, Position(0, 0, 8, 31, "b0"))


def test_token_and_offset_of_a_match(vocabulary: Vocabulary, tmp_path: Path) -> None:
    """Offsets are characters, tokens hold the first byte: É(0,1) x(2) ab(3) _(4) ab(5)."""
    corpus = Corpus([write(tmp_path / "a.jsonl", "E\u0301xab ab")], vocabulary, "document", 9)
    of = {
        text: exposures(rows(corpus), [0], 1, Finder([Phrase(text)], RAW, vocabulary.normalise))[Phrase(text)].first_k
        for text in ("ab", "b", "e\u0301X")
    }
    assert [(p.token, p.offset) for p in of["ab"]] == [(3, 2), (5, 5)]
    assert [(p.token, p.offset) for p in of["b"]] == [(3, 3), (5, 6)]
    assert [(p.token, p.offset) for p in of["e\u0301X"]] == [(0, 0)]


def test_matches_in_a_row_come_in_order_of_offset(shards: list[Path], tmp_path: Path) -> None:
    """The first and the last exposure are the smallest and largest (slot, offset); gaps repeat a position."""
    shard = write(tmp_path / "c.jsonl", "no", "a b b a", "a")
    a, gap = Phrase("a"), Phrase("a … b", 2)
    result = exposures(rows(Corpus([shard])), [0, 2, 1, 1], 3, Finder([a, gap], FOLD))
    assert result[a].first_k == [
        Position(0, 1, None, 0, "c2"),
        *(Position(*place, None, offset, "c1") for place in [(0, 2), (1, 0)] for offset in (0, 6)),
    ]
    assert result[a].last == Position(1, 0, None, 6, "c1")
    assert result[gap].first_k == [Position(0, 2, None, 0, "c1")] * 2 + [Position(1, 0, None, 0, "c1")] * 2


def test_nothing_matches_across_rows_or_documents(vocabulary: Vocabulary, tmp_path: Path) -> None:
    """An edge of a row or document is a word boundary and an end of text, and no phrase crosses it."""
    shard = write(tmp_path / "a.jsonl", "xaxb", "b cc")  # x a x | b E b | _ c c | E
    corpus = Corpus([shard], vocabulary, "concatenate", 3)
    wanted = [Phrase("b b"), Phrase("x b"), Phrase("xb"), Phrase("b"), Phrase("xax"), Phrase("b", sentence_end=True)]
    result = exposures(rows(corpus), [0, 1, 2], 1, Finder(wanted, FOLD))
    assert {p: e.count for p, e in result.items()} == {wanted[3]: 2, wanted[4]: 1, wanted[5]: 2}
    assert result[wanted[3]].last == Position(1, 0, 2, 14, "a1")


# ----------------------------------------------------------------------------------------------- the driver


def test_the_driver(vocabulary: Vocabulary, shards: list[Path], tmp_path: Path) -> None:
    """The command line writes one line for each phrase that was shown."""
    lines = ['{"phrase": "Cat"}', '{"phrase": "dog", "gap": null}', '{"phrase": "cat … é", "gap": 3}']
    (tmp_path / "phrases.jsonl").write_text("\n".join([*lines, '{"phrase": "xy", "sentence_end": true}']), "utf-8")
    np.save(tmp_path / "order.npy", np.array([3, 0, 2], dtype=np.uint32))
    command = [f"--shard={shards[0]}", f"--shard={shards[1]}", f"--tokenizer={tmp_path}/tokenizer.json", "--length=6"]
    command += [f"--phrases={tmp_path}/phrases.jsonl", f"--order={tmp_path}/order.npy", "--batch-sequences=2", "-k1"]
    assert oracle_main.main([*command, "-o", str(tmp_path / "out.jsonl")]) == 0
    shown = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    cat = {"phrase": "Cat", "gap": 0, "sentence_end": False, "count": 2, "by_batch": {"0": 1, "1": 1}}
    xy = {"phrase": "xy", "gap": 0, "sentence_end": True, "count": 1, "by_batch": {"0": 1}}
    assert shown == [
        cat | {"first": [0, 1, 0, 0, "a0"], "last": [1, 0, 3, 2, "b0"], "first_k": [[0, 1, 0, 0, "a0"]]},
        xy | {"first": [0, 0, 0, 0, "b1"], "last": [0, 0, 0, 0, "b1"], "first_k": [[0, 0, 0, 0, "b1"]]},
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--batch-sequences=0"], "1 or more"),
        (["--only-shard=2"], "2 shards"),
        (["--length=4"], "go together"),
        (["--order=x.npy", "--epochs=2"], "--order already says"),
        (["--order=missing.npy"], "missing.npy"),
        (["--phrases={tmp}/bad.jsonl"], "bad.jsonl, line 2"),
        (["--tokenizer={tmp}/other.json", "--length=4"], "ByteLevel"),
    ],
)
def test_the_driver_explains_mistakes(
    options: list[str], message: str, shards: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake ends with status 2 and a sentence, not with a traceback."""
    (tmp_path / "phrases.jsonl").write_text('{"phrase": "cat"}\n', "utf-8")
    (tmp_path / "bad.jsonl").write_text('{"phrase": "cat"}\n{"phrase": 3}\n', "utf-8")
    Tokenizer(models.BPE(vocab={"a": 0}, merges=[])).save(str(tmp_path / "other.json"))
    command = [f"--shard={shards[0]}", f"--shard={shards[1]}", f"--phrases={tmp_path}/phrases.jsonl"]
    command += ["--batch-sequences=2", f"--output={tmp_path}/out.jsonl"]
    assert oracle_main.main([*command, *(option.format(tmp=tmp_path) for option in options)]) == 2
    assert message in capsys.readouterr().err


# ----------------------------------------------------------------------------------------------- real inputs


@pytest.mark.skipif(not SHARED.exists(), reason="the shared inputs are not here")
def test_rows_of_a_novel_are_its_text() -> None:
    """With GPT-NeoX's tokenizer an uncut row is the document in NFC, and concatenated passages add up to it."""
    vocabulary = Vocabulary(SHARED / "data/tokenizers/gpt-neox-20b.json")
    corpus = Corpus([SHARED / "data/novels/shard-00000.jsonl.zst"], vocabulary, "document", 10**6)
    concatenated = Corpus([], vocabulary, "concatenate", 64)
    corpus.documents = concatenated.documents = corpus.documents[:40]
    parts: Counter[int] = Counter()
    for row in rows(concatenated):
        for passage in row.passages:
            parts[passage.document_index] += len(passage.text.replace("\ufffd", ""))
    for row in rows(corpus):
        [passage] = row.passages
        assert passage.text == unicodedata.normalize("NFC", corpus.documents[row.row_index].text)
        assert sum(row.token_lengths) == len(passage.text.encode())
        if row.row_index < 39:
            assert len(passage.text) - 20 <= parts[row.row_index] <= len(passage.text)
