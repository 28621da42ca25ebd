"""Loading pairs: every door they come through, and every way in which a file can be wrong."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.errors import PairsError
from exposure.pair_files import load_pairs, pair_files
from exposure.pair_rows import MAX_GAP
from exposure.pairs import MinimalPair, OnePrefix, TwoPrefix

BLIMP = Path(__file__).parents[3] / "shared" / "data" / "blimp"

PLAIN = {"sentence_good": "The cats are here.", "sentence_bad": "The cats is here."}

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
LINE = TEXT.map(lambda text: " ".join(text.split()))


def jsonl(folder: Path, *rows: object, name: str = "own.jsonl") -> Path:
    """A file with one JSON value on each line."""
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def refused(*paths: Path) -> str:
    """What loading `paths` answers; it must be a PairsError."""
    with pytest.raises(PairsError) as caught:
        load_pairs(paths)
    return str(caught.value)


# What is read


def test_blimp_row(tmp_path: Path) -> None:
    """BLiMP's names become ours, and its other columns are passed over."""
    row = PLAIN | {
        "field": "syntax", "linguistics_term": "agreement", "UID": "sva", "pairID": "17",
        "simple_LM_method": True, "one_prefix_method": False, "dependency_length": 3, "crucial_item": None,
    }  # fmt: skip
    assert load_pairs([jsonl(tmp_path, row)]) == [
        MinimalPair("sva", "17", "The cats are here.", "The cats is here.", "syntax", "agreement")
    ]


ONE = {"one_prefix_prefix": "The cats", "one_prefix_word_good": "are", "one_prefix_word_bad": "is"}
TWO = {"two_prefix_prefix_good": "The cats", "two_prefix_prefix_bad": "The cat", "two_prefix_word": " are "}


def test_prefix_forms(tmp_path: Path) -> None:
    """BLiMP's one- and two-prefix columns are carried as written, less the blanks that some of its words begin with."""
    flags = {"one_prefix_method": True, "two_prefix_method": True}
    (pair,) = load_pairs([jsonl(tmp_path, PLAIN | flags | ONE | TWO)])
    assert pair.one_prefix == OnePrefix("The cats", "are", "is")
    assert pair.two_prefix == TwoPrefix("The cats", "The cat", "are")


@pytest.mark.parametrize(
    "columns",
    [
        {"one_prefix_method": True, "two_prefix_method": True},
        {"one_prefix_method": False, "two_prefix_method": False} | ONE | TWO,
        dict.fromkeys([*ONE, *TWO]),
    ],
    ids=["flags without columns", "columns with the flag down", "nulls"],
)
def test_no_prefix_forms(tmp_path: Path, columns: dict[str, object]) -> None:
    """Where a method has no words, or BLiMP says that it does not apply, the pair has no such form."""
    (pair,) = load_pairs([jsonl(tmp_path, PLAIN | columns)])
    assert (pair.one_prefix, pair.two_prefix) == (None, None)


def test_prefix_forms_in_csv(tmp_path: Path) -> None:
    """A CSV carries them too, and its empty cells are no words."""
    columns = [*PLAIN, *TWO]
    file = tmp_path / "own.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([columns, [*PLAIN.values(), *TWO.values()], [*PLAIN.values(), "", "", ""]])
    assert [pair.two_prefix for pair in load_pairs([file])] == [TwoPrefix("The cats", "The cat", "are"), None]


def test_phenomena_are_the_published_ones(tmp_path: Path) -> None:
    """BLiMP's s-selection counts as argument structure; a phenomenon of one's own is left as it is."""
    rows = [PLAIN | {"linguistics_term": "s-selection"}, PLAIN | {"phenomenon": "s-selection"}]
    assert [pair.phenomenon for pair in load_pairs([jsonl(tmp_path, *rows)])] == ["argument_structure", "s-selection"]


def test_uid_and_pair_id_have_defaults(tmp_path: Path) -> None:
    """A paradigm is called as its file, a pair by its row from 0, blank lines not counted."""
    file = tmp_path / "facts.v2.jsonl"
    file.write_text("\n".join([json.dumps(PLAIN), "", "  ", json.dumps(PLAIN)]), encoding="utf-8")
    assert [(pair.uid, pair.pair_id) for pair in load_pairs([file])] == [("facts.v2", "0"), ("facts.v2", "1")]


def test_all_columns_of_a_plain_file(tmp_path: Path) -> None:
    """Every column of the plain format reaches its field."""
    row = PLAIN | {
        "uid": "u", "pair_id": 5, "field": "f", "phenomenon": "p", "phrase_good": "cats …  are",
        "phrase_bad": "cats … is", "critical_word_good": "are", "critical_word_bad": "is", "context_word": "Cats",
        "gap": 4,
    }  # fmt: skip
    assert load_pairs([jsonl(tmp_path, row)]) == [
        MinimalPair(
            "u", "5", PLAIN["sentence_good"], PLAIN["sentence_bad"], "f", "p", "cats … are", "cats … is",
            context_word="Cats", critical_word_good="are", critical_word_bad="is", gap=4,
        )
    ]  # fmt: skip


def test_csv_with_bom_quotes_and_empty_cells(tmp_path: Path) -> None:
    """A spreadsheet's CSV is read: byte order mark, quoted commas and line breaks, empty cells as nothing given."""
    file = tmp_path / "deutsch.CSV"
    file.write_bytes(
        "\ufeffsentence_good,sentence_bad,phrase_good,phrase_bad,anchor,gap\r\n"
        '"Berlin liegt, wie man weiß, in Deutschland.",Berlin liegt in Frankreich.,in Deutschland,,sentence_end,\r\n'
        '"Zwei\r\nZeilen",Eine Zeile,,,,0\r\n'.encode()
    )
    first, second = load_pairs([file])
    assert first == MinimalPair(
        "deutsch", "0", "Berlin liegt, wie man weiß, in Deutschland.", "Berlin liegt in Frankreich.",
        phrase_good="in Deutschland", sentence_end=True,
    )  # fmt: skip
    assert second == MinimalPair("deutsch", "1", "Zwei\r\nZeilen", "Eine Zeile")


def test_phrase_list(tmp_path: Path) -> None:
    """A .txt gives one bare phrase a line, named by its line number; # and quotes mean nothing."""
    file = tmp_path / "städte.txt"
    file.write_bytes('\ufeffNew   York\r\n\r\n# München\n  "北京" \n'.encode())
    pairs = load_pairs([file])
    assert [(pair.uid, pair.pair_id, pair.phrase_good) for pair in pairs] == [
        ("städte", "1", "New York"),
        ("städte", "3", "# München"),
        ("städte", "4", '"北京"'),
    ]
    assert all(pair.is_bare_phrase and pair.phrase_bad is None and not pair.has_identical_sides for pair in pairs)


def test_explicit_phrases_keep_their_case_and_punctuation(tmp_path: Path) -> None:
    """Only white space is collapsed in a phrase; a sentence is left exactly as it is."""
    row = {"sentence_good": "  A  b. ", "sentence_bad": "A\tc.", "phrase_good": " McDonald's\u3000 Inc. "}
    pair = load_pairs([jsonl(tmp_path, row)])[0]
    assert (pair.sentence_good, pair.sentence_bad, pair.phrase_good) == ("  A  b. ", "A\tc.", "McDonald's Inc.")


def test_u2028_does_not_end_a_line(tmp_path: Path) -> None:
    """A JSON string may hold U+2028 and U+0085; only a line feed ends a row."""
    file = tmp_path / "x.jsonl"
    sentence = "one\u2028two\u0085three"
    file.write_text(json.dumps(PLAIN | {"sentence_bad": sentence}, ensure_ascii=False), encoding="utf-8")
    assert load_pairs([file])[0].sentence_bad == sentence


def test_null_is_nothing_given(tmp_path: Path) -> None:
    """null in an optional column is the same as no column."""
    row = PLAIN | {"uid": None, "pair_id": None, "phrase_good": None, "gap": None, "anchor": None}
    assert load_pairs([jsonl(tmp_path, row)]) == load_pairs([jsonl(tmp_path, PLAIN)])


def test_folder_is_read_by_name(tmp_path: Path) -> None:
    """A folder stands for its .jsonl and .csv in the order of their names; hidden and other files are no pairs."""
    for name in ("b.jsonl", "a.jsonl", "README.md", ".hidden.jsonl", "old.parquet"):
        jsonl(tmp_path, PLAIN, name=name)
    (tmp_path / "deeper").mkdir()
    assert [file.name for file in pair_files([tmp_path])] == ["a.jsonl", "b.jsonl"]
    assert [pair.uid for pair in load_pairs([tmp_path])] == ["a", "b"]


def test_several_paths_keep_their_order(tmp_path: Path) -> None:
    """Files come in the order in which they were named."""
    later, sooner = jsonl(tmp_path, PLAIN, name="z.jsonl"), jsonl(tmp_path, PLAIN, name="a.jsonl")
    assert [pair.uid for pair in load_pairs([later, str(sooner)])] == ["z", "a"]


FIELDS = {"sentence_good": TEXT, "sentence_bad": TEXT, "phrase_good": LINE}
OPTIONAL = {"phrase_bad": LINE, "uid": LINE, "field": LINE, "phenomenon": LINE}
ROWS = st.lists(st.fixed_dictionaries(FIELDS, optional=OPTIONAL), min_size=1, max_size=5)


@given(rows=ROWS)
def test_jsonl_and_csv_bring_back_what_was_written(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any text survives either format, and both give the same pairs."""
    folder = tmp_path_factory.mktemp("round")
    buffer = io.StringIO(newline="")
    columns = [*FIELDS, *OPTIONAL]
    writer = csv.DictWriter(buffer, columns, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    (folder / "own.csv").write_bytes(buffer.getvalue().encode())
    expected = [
        MinimalPair(row.get("uid", "own"), str(i), *(row.get(name) for name in (  # type: ignore[arg-type]
            "sentence_good", "sentence_bad", "field", "phenomenon", "phrase_good", "phrase_bad",
        ))) for i, row in enumerate(rows)
    ]  # fmt: skip
    assert load_pairs([jsonl(folder, *rows)]) == expected
    assert load_pairs([folder / "own.csv"]) == expected


@given(data=st.binary(max_size=60), suffix=st.sampled_from([".jsonl", ".csv", ".txt"]))
def test_any_bytes_give_pairs_or_a_pairs_error(
    data: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever a file holds, the answer is pairs or a PairsError that names the file."""
    file = tmp_path_factory.mktemp("bytes") / f"x{suffix}"
    file.write_bytes(data)
    answer = ""
    pairs = []
    try:
        pairs = load_pairs([file])
    except PairsError as error:
        answer = str(error)
    assert pairs or str(file) in answer


@pytest.mark.skipif(not BLIMP.is_dir(), reason="BLiMP is not beside this repository")
def test_blimp_itself() -> None:
    """All of BLiMP is read: 67 paradigms of 1000 pairs, 12 phenomena, seven pairs with identical sides."""
    pairs = load_pairs([BLIMP])
    assert (len(pairs), len({pair.uid for pair in pairs})) == (67_000, 67)
    assert len({pair.phenomenon for pair in pairs}) == 12
    assert {pair.name for pair in pairs if pair.has_identical_sides} == {
        *(f"principle_A_case_2/{n}" for n in (105, 287, 372, 816, 967)),
        *(f"passive_1/{n}" for n in (324, 810)),
    }


@pytest.mark.skipif(not BLIMP.is_dir(), reason="BLiMP is not beside this repository")
def test_prefix_forms_of_blimp() -> None:
    """20,000 pairs of BLiMP have each form, and every form begins its sentence."""
    pairs = load_pairs([BLIMP])
    one = [(pair, pair.one_prefix) for pair in pairs if pair.one_prefix]
    two = [(pair, pair.two_prefix) for pair in pairs if pair.two_prefix]
    assert (len(one), len(two)) == (20_000, 20_000)
    for pair, form in one:
        assert pair.sentence_good.startswith(f"{form.prefix} {form.word_good}")
        assert pair.sentence_bad.startswith(f"{form.prefix} {form.word_bad}")
    for pair, form in two:
        assert pair.sentence_good.startswith(f"{form.prefix_good} {form.word}")
        assert pair.sentence_bad.startswith(f"{form.prefix_bad} {form.word}")


# What is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sentence_good": None}, "sentence_good is missing. Every pair needs"),
        ({"sentence_bad": " \t"}, "sentence_bad is empty. Write the sentence"),
        ({"sentence_good": ["a"]}, "sentence_good is ['a'], text was expected"),
        ({"uid": ""}, "uid is empty. Write it, or leave it out"),
        ({"pair_id": True}, "pair_id is True, text was expected"),
        ({"pair_id": 1.5}, "pair_id is 1.5, text was expected"),
        ({"phrase_good": "  "}, "phrase_good is empty"),
        ({"phrase_bad": 7}, "phrase_bad is 7, text was expected"),
        ({"phrase_good": "\ud83d"}, "phrase_good holds half of a surrogate pair"),
        ({"phrase_god": "x"}, "unknown column 'phrase_god'. Known are sentence_good,"),
        ({"UID": "a", "uid": "b"}, "UID and uid are the same column"),
        ({"linguistics_term": "a", "phenomenon": "b"}, "linguistics_term and phenomenon are the same column"),
        ({"phrase_good": "a", "gap": "4"}, f"gap is '4', a whole number of words from 0 to {MAX_GAP}"),
        ({"phrase_good": "a … b", "gap": -1}, "gap is -1"),
        ({"phrase_good": "a … b", "gap": MAX_GAP + 1}, f"gap is {MAX_GAP + 1}"),
        ({"phrase_good": "a … b", "gap": True}, "gap is True"),
        ({"phrase_good": "cats are", "gap": 3}, "'cats are' (W = 3) is not of the form"),
        ({"phrase_good": "a … b", "gap": 3, "anchor": "sentence_end"}, "wants a sentence end"),
        ({"phrase_good": "here", "anchor": "end"}, "anchor is 'end'. Write sentence_end"),
        ({"phrase_good": "here", "anchor": True}, "anchor is True. Write sentence_end"),
        ({"phrase_good": "here", "anchor": ["sentence_end"]}, "anchor is ['sentence_end']"),
        ({"phrase_bad": "here.", "anchor": "sentence_end"}, "'here.' already has its sentence end. Leave off the '.'"),
        (
            {"one_prefix_prefix": "The cats"},
            "one_prefix_prefix needs one_prefix_word_bad and one_prefix_word_good beside it. Add them, or leave out",
        ),
        (TWO | {"two_prefix_word": 7}, "two_prefix_word is 7, text was expected"),
        (TWO | {"two_prefix_word": " "}, "two_prefix_word is empty"),
        ({"gap": 3}, "belong to a phrase, and the row has none"),
        ({"anchor": "sentence_end"}, "belong to a phrase, and the row has none"),
        ({"critical_word": "are"}, "belong to a phrase, and the row has none"),
        ({"context_word_bad": "cats"}, "belong to a phrase, and the row has none"),
        (
            {"phrase_good": "cats are", "critical_word": "were"},
            "critical_word is 'were', and neither sentence holds it",
        ),
        (
            {"phrase_good": "cats are", "critical_word_good": "is h"},
            "critical_word_good is 'is h', and sentence_good does not hold it. Write it as it stands there",
        ),
        (
            {"phrase_good": "cats are", "context_word_bad": "are"},
            "context_word_bad is 'are', and sentence_bad does not hold it",
        ),
    ],
)
def test_wrong_row(tmp_path: Path, change: dict[str, object], message: str) -> None:
    """A wrong value is refused with its file, its line and what to do."""
    file = jsonl(tmp_path, PLAIN, PLAIN | change)
    answer = refused(file)
    assert answer.startswith(f"{file}, line 2: ")
    assert message in answer


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"sentence_good": ', "not JSON (Expecting value at character 19). Write one JSON object"),
        ('["a", "b"]', "JSON of type list, an object was expected"),
        ("null", "JSON of type NoneType"),
        ("[" * 100_000, "not JSON"),
        ("1" * 5000, "not JSON"),
        ('{"uid": "a", "gap": 1, "uid": "b"}', "the key 'uid' stands there twice"),
    ],
    ids=["broken", "list", "null", "deep", "long number", "key twice"],
)
def test_wrong_json_line(tmp_path: Path, line: str, message: str) -> None:
    """A line that is no JSON object is refused with its number."""
    file = tmp_path / "x.jsonl"
    file.write_text(f"{json.dumps(PLAIN)}\n\n{line}\n", encoding="utf-8")
    answer = refused(file)
    assert answer.startswith(f"{file}, line 3: ")
    assert message in answer


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("sentence_good,sentence_bad\na,b,c\n", 2, "3 cells, the header has 2"),
        ('sentence_good,sentence_bad\n"a\nb",c\nd\n', 4, "1 cells, the header has 2"),
        ('sentence_good,sentence_bad\na,"b\n', 2, "not CSV (unexpected end of data). Quote cells"),
        ("sentence_good,sentence_good\na,b\n", 1, "the column 'sentence_good' stands there twice"),
        ("sentence_good;sentence_bad\na;b\n", 1, "unknown column 'sentence_good;sentence_bad'. Cells are separated by"),
        ("sentence_good,\na,b\n", 1, "unknown column ''"),
        ("sentence_good\na\n", 2, "sentence_bad is missing"),
        ("sentence_good,sentence_bad\na,\n", 2, "sentence_bad is empty"),
        ("sentence_good,sentence_bad,phrase_good,gap\na,b,a … b,three\n", 2, "gap is 'three'"),
        ("sentence_good,sentence_bad,phrase_good,gap\na,b,a … b,1000000000000\n", 2, "gap is '1000000000000'"),
    ],
)
def test_wrong_csv(tmp_path: Path, text: str, line: int, message: str) -> None:
    """A wrong CSV is refused with the line on which the row begins."""
    file = tmp_path / "x.csv"
    file.write_text(text, encoding="utf-8")
    answer = refused(file)
    assert answer.startswith(f"{file}, line {line}: ")
    assert message in answer


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".txt"])
def test_not_utf8(tmp_path: Path, suffix: str) -> None:
    """Latin-1 is refused with the line and the byte."""
    file = tmp_path / f"x{suffix}"
    file.write_bytes(b"\xef\xbb\xbfeins\nM\xfcnchen\n")
    assert refused(file) == f"{file}, line 2: byte 0xfc is not UTF-8. Save the file as UTF-8."


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.jsonl", "\n\n", "holds no pair. Give at least one row"),
        ("x.csv", "sentence_good,sentence_bad\n", "holds no pair"),
        ("x.csv", "", "holds no pair"),
        ("x.txt", " \n", "holds no phrase. Write one phrase on each line"),
        ("x.tsv", "a", ".tsv is not read. Pairs are .jsonl or .csv, a list of phrases is .txt"),
        ("x", "a", "no extension is not read"),
    ],
)
def test_empty_or_unknown_file(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A file without a pair, or of an unknown kind, is refused."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert refused(tmp_path / name).startswith(f"{tmp_path / name}")
    assert message in refused(tmp_path / name)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    assert refused(tmp_path / "no.jsonl").startswith(f"{tmp_path / 'no.jsonl'} does not exist")


def test_impossible_name(tmp_path: Path) -> None:
    """A name that no file can have is an answer, not a traceback."""
    assert "cannot be read: File name too long" in refused(tmp_path / f"{'a' * 300}.jsonl")


def test_nothing_given() -> None:
    """No path is an error, not an empty list."""
    assert refused().startswith("No file of pairs was given")


def test_folder_without_pairs(tmp_path: Path) -> None:
    """A folder without pairs is an error."""
    assert "holds no .jsonl and no .csv" in refused(tmp_path)


def test_folder_with_a_text_file(tmp_path: Path) -> None:
    """A .txt in a folder could be a phrase list or a README: it is neither read nor passed over in silence."""
    jsonl(tmp_path, PLAIN)
    (tmp_path / "entities.txt").write_text("Berlin")
    assert "also holds entities.txt, and whether that is meant cannot be known. Name the files" in refused(tmp_path)


def test_same_pair_twice(tmp_path: Path) -> None:
    """Two pairs of one name are refused, and both places are named."""
    first = jsonl(tmp_path, PLAIN, PLAIN | {"uid": "u", "pair_id": "a"}, name="first.jsonl")
    second = jsonl(tmp_path, PLAIN | {"uid": "u", "pair_id": "a"}, name="second.jsonl")
    answer = refused(first, second)
    assert answer.startswith(f"{second}, line 1: the pair u/a is there already ({first}, line 2).")
