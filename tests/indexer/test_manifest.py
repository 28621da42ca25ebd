"""Making manifests: what fits together, what does not, and what the numbers must be."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vocabularies
from corpora import json_line, write_shard
from hypothesis import given, settings
from hypothesis import strategies as st
from shell import exposure
from slow_rows import Packing, packed_rows
from tokenizers import Tokenizer

from exposure.census import Census
from exposure.errors import CorpusError, OrderError, TokenizerError, UsageError
from exposure.order_rules import OrderFile, Sequential, Shuffled, order_digest
from exposure.orders import Checkpoints, DataOrder
from exposure.phrases import MatchRule
from exposure.timeline_settings import TimelineSettings
from exposure.units import plan_units
from indexer import counting
from indexer.manifest import RunOptions, make_manifest

TEXTS = ["The cats sat.", "", "the cat", "x"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus of two shards (four documents and one), a tokenizer and an order file."""
    write_shard(tmp_path / "a.jsonl", [(str(number), text) for number, text in enumerate(TEXTS)])
    write_shard(tmp_path / "b.jsonl.zst", [("last", "these tables")])
    vocabularies.saved(tmp_path, vocabularies.byte_level())
    np.save(tmp_path / "order.npy", np.array([4, 3, 3, 0], dtype=np.int32))
    return tmp_path


def options(folder: Path, **changes: Any) -> RunOptions:
    """A run with a tokenizer, a document per row."""
    base = RunOptions(
        corpus=(str(folder / "a.jsonl"), str(folder / "b.*")),
        packing="document-per-row",
        batch_sequences=2,
        sequence_length=8,
        tokenizer=folder / "tokenizer.json",
        census=folder / "census",
    )
    return replace(base, **changes)


PLAIN: dict[str, Any] = {"tokenizer": None, "sequence_length": None}
STREAM: dict[str, Any] = {"packing": "concatenate", "end_of_document": "</s>"}


def test_manifest_of_documents_in_rows(folder: Path) -> None:
    """Five documents are five rows; positions are exact, the last batch is not full."""
    order = make_manifest(options(folder, checkpoints=Checkpoints(every=2), row_suffix=("</s>",)))
    assert (order.rows, order.slots, order.steps, order.tail_tokens) == (5, 5, 3, 0)
    assert (order.exactness, order.order, order.order_sha256) == ("exact", Sequential(), None)
    assert order.checkpoint_steps == (0, 2)
    assert order.tokenizer is not None
    assert order.tokenizer.row_suffix_ids == (2,)
    assert order.tokenizer.end_of_document is None
    assert [Path(shard.path) for shard in order.shards] == [folder / "a.jsonl", folder / "b.jsonl.zst"]


def test_manifest_without_a_tokenizer_is_approximate(folder: Path) -> None:
    """Documents are counted, tokens are not, and the manifest says so."""
    order = make_manifest(options(folder, **PLAIN, epochs=3))
    assert (order.rows, order.slots, order.exactness) == (5, 15, "approximate")
    assert {shard.tokens for shard in order.shards} == {None}


@given(
    st.lists(st.sampled_from(["", "the", "the cats", "漢 é", "<s>"]), min_size=1, max_size=6),
    st.integers(1, 12),
    st.data(),
)
@settings(max_examples=20)
def test_rows_and_tail_of_a_stream(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], length: int, data: st.DataObject
) -> None:
    """As many full rows as the stream of documents and end tokens gives, and the rest in the tail."""
    folder = tmp_path_factory.mktemp("run")
    write_shard(folder / "a.jsonl", [("x", text) for text in texts])
    vocabularies.saved(folder, vocabularies.byte_level())
    prefix = data.draw(st.sampled_from([(), ("<s>",)])) if length > 1 else ()
    tokenizer = Tokenizer.from_str(vocabularies.byte_level())
    stream = sum(len(tokenizer.encode(text).ids) + 1 for text in texts)
    chosen = options(folder, **STREAM, corpus=(str(folder / "a.jsonl"),), sequence_length=length, row_prefix=prefix)
    if stream < length - len(prefix):
        with pytest.raises(UsageError, match=f"{stream} tokens, fewer than one row"):
            make_manifest(chosen)
        return
    order = make_manifest(chosen)
    rows = packed_rows([texts], tokenizer, Packing(length, prefix, (), "</s>"))
    assert order.rows == len(rows)
    assert order.tail_tokens == stream - len(rows) * (length - len(prefix))
    assert DataOrder.model_validate(order.model_dump()) == order


CLASHES: list[tuple[dict[str, Any], str]] = [
    (PLAIN | {"packing": "concatenate"}, "Give --tokenizer"),
    (PLAIN | {"sequence_length": 8}, "--sequence-length counts tokens"),
    (PLAIN | {"row_prefix": ("<s>",)}, "--row-prefix counts tokens"),
    (PLAIN | {"row_suffix": ("<s>",)}, "--row-suffix counts tokens"),
    (PLAIN | {"end_of_document": "</s>"}, "--end-of-document counts tokens"),
    ({"sequence_length": None}, "--sequence-length"),
    (STREAM | {"sequence_length": None}, "--sequence-length"),
    (STREAM | {"row_suffix": ("</s>",)}, "--row-suffix closes rows of one document"),
    ({"end_of_document": "</s>"}, "closed by --row-suffix"),
    ({"shuffle_seed": 0, "order_file": Path("order.npy")}, "--shuffle-seed and --order-file both"),
    ({"order_file": Path("order.npy"), "epochs": 1}, "Leave --epochs out"),
    ({"shuffle_from_epoch": 1}, "--shuffle-from-epoch needs --shuffle-seed"),
    ({"shuffle_from_epoch": 1, "order_file": Path("order.npy")}, "--shuffle-from-epoch needs --shuffle-seed"),
    ({"shuffle_seed": 1, "shuffle_from_epoch": 1}, "no epoch is shuffled"),
    ({"shuffle_seed": 1, "shuffle_from_epoch": 3, "epochs": 3}, "no epoch is shuffled"),
    ({"sequence_length": 2, "row_prefix": ("<s>",), "row_suffix": ("</s>",)}, "no room"),
    (STREAM | {"sequence_length": 1, "row_prefix": ("<s>",)}, "no room"),
    (STREAM | {"sequence_length": 10_000}, "fewer than one row"),
    ({"checkpoints": Checkpoints(steps=(0, 4))}, "names step 4, but the run has steps 0 to 3"),
    (STREAM | {"end_of_document": None}, "3 of the usual end-of-document tokens|2 of the usual"),
]


@pytest.mark.parametrize(("changes", "said"), CLASHES, ids=[said for _, said in CLASHES])
def test_options_that_do_not_fit_together(changes: dict[str, Any], said: str, folder: Path) -> None:
    """Each clash is refused with the options by name, before or after counting, and never guessed away."""
    if "order_file" in changes:
        changes = changes | {"order_file": folder / "order.npy"}
    with pytest.raises(UsageError, match=said):
        make_manifest(options(folder, **changes))


@pytest.mark.parametrize("name", ["row_prefix", "row_suffix"])
@pytest.mark.parametrize("token", ["<pad>", "Ġthe", ""])
def test_special_tokens_that_are_none(name: str, token: str, folder: Path) -> None:
    """A row cannot begin or end with what is no special token of the tokenizer."""
    with pytest.raises(TokenizerError, match="special tokens"):
        make_manifest(options(folder, **{name: (token,)}))
    with pytest.raises(TokenizerError, match="special tokens"):
        make_manifest(options(folder, **STREAM | {"end_of_document": token or "<eod>"}))


def test_end_of_document_that_is_obvious(folder: Path) -> None:
    """With one usual end-of-document token in the vocabulary it is taken."""
    content = vocabularies.byte_level().replace('"</s>"', '"</x>"').replace('"<s>"', '"<x>"')
    path = vocabularies.saved(folder, content, "one.json")
    order = make_manifest(options(folder, **STREAM | {"end_of_document": None, "tokenizer": path}))
    assert order.tokenizer is not None
    assert (order.tokenizer.end_of_document, order.tokenizer.end_of_document_id) == ("<|endoftext|>", 0)


def test_shuffled_orders_are_kept_with_their_digest(folder: Path) -> None:
    """The seed, the first shuffled epoch and the digest of the whole order are in the manifest."""
    order = make_manifest(options(folder, shuffle_seed=6198, shuffle_from_epoch=1, epochs=2))
    assert order.order == Shuffled(seed=6198, from_epoch=1)
    shuffled = np.arange(5, dtype=np.uint32)
    np.random.Generator(np.random.PCG64(6199)).shuffle(shuffled)
    run = [0, 1, 2, 3, 4, *shuffled.tolist()]
    assert order.run_order.tolist() == run
    assert order.order_sha256 == order_digest(np.array(run))
    assert (order.slots, order.epochs) == (10, 2)
    assert make_manifest(options(folder, shuffle_seed=0)).order == Shuffled(seed=0)


def test_order_file_gives_the_run_its_length(folder: Path) -> None:
    """As many slots as the file has entries, rows repeated and left out as it says."""
    order = make_manifest(options(folder, order_file=folder / "order.npy"))
    assert isinstance(order.order, OrderFile)
    assert (order.rows, order.slots, order.steps) == (5, 4, 2)
    assert order.run_order.tolist() == [4, 3, 3, 0]


@pytest.mark.parametrize("content", [None, b"", np.array([5]), np.array([0.5]), np.array([[0]])])
def test_order_file_that_does_not_fit(content: Any, folder: Path) -> None:
    """A missing, broken or foreign order file is refused."""
    path = folder / "order.npy"
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    with pytest.raises(OrderError, match=r"order\.npy"):
        make_manifest(options(folder, order_file=path))


def test_shards_in_the_order_of_their_patterns_and_names(folder: Path) -> None:
    """Patterns as they are given, files of a pattern by name, folders left out, ** through folders."""
    (folder / "deep" / "c.jsonl").mkdir(parents=True)
    for name in ("10.jsonl", "9.jsonl", "deep/1.jsonl"):
        write_shard(folder / name, [("x", name)])

    def names(*patterns: str) -> list[str]:
        order = make_manifest(options(folder, corpus=tuple(str(folder / one) for one in patterns)))
        return [str(Path(shard.path).relative_to(folder)) for shard in order.shards]

    assert names("b.*", "a.jsonl") == ["b.jsonl.zst", "a.jsonl"]
    assert names("[0-9]*.jsonl") == ["10.jsonl", "9.jsonl"]
    assert names("deep/*") == ["deep/1.jsonl"]
    assert names("**/[0-9]*.jsonl") == ["10.jsonl", "9.jsonl", "deep/1.jsonl"]


@pytest.mark.parametrize(
    "patterns", [("a.jsonl", "a.jsonl"), ("a.*", "*.jsonl"), ("a.jsonl", "link.jsonl"), ("a.jsonl", "../{0}/a.jsonl")]
)
def test_shard_named_twice(patterns: tuple[str, ...], folder: Path) -> None:
    """A shard that two patterns, a link or another spelling name again is refused."""
    (folder / "link.jsonl").symlink_to(folder / "a.jsonl")
    with pytest.raises(CorpusError, match="more than once"):
        make_manifest(options(folder, corpus=tuple(str(folder / one.format(folder.name)) for one in patterns)))


def test_two_shards_of_the_same_content(folder: Path) -> None:
    """Copies are two shards: their documents are shown twice, from one census."""
    write_shard(folder / "copy.jsonl", [(str(number), text) for number, text in enumerate(TEXTS)])
    order = make_manifest(options(folder, corpus=(str(folder / "a.jsonl"), str(folder / "copy.jsonl"))))
    assert order.rows == 8
    assert len(list((folder / "census").iterdir())) == 2


@pytest.mark.parametrize(
    ("corpus", "said"),
    [
        (("nothing*",), "No file matches"),
        (("a.jsonl", "none.jsonl"), "none.jsonl"),
        (("tokenizer.*", "*.npy"), "not a corpus file"),
    ],
)
def test_corpus_that_is_not_there(corpus: tuple[str, ...], said: str, folder: Path) -> None:
    """A pattern without files, and files of other kinds, are refused by name."""
    with pytest.raises(CorpusError, match=said):
        make_manifest(options(folder, corpus=tuple(str(folder / one) for one in corpus)))


def test_name_that_is_no_text(folder: Path) -> None:
    """A shard whose name is not UTF-8 cannot be named in a manifest, and is refused."""
    write_shard(folder / "b\udcff.jsonl", [("x", "y")])
    with pytest.raises(CorpusError, match="name"):
        make_manifest(options(folder, corpus=(str(folder / "b*.jsonl"),)))


def test_bad_lines_stop_the_manifest_or_are_recorded(folder: Path) -> None:
    """A bad line is refused with file and number; --skip-bad takes it out of the order and into the manifest."""
    (folder / "a.jsonl").write_bytes(json_line("x", "the cats") + b"{\n" + json_line("y", "x"))
    with pytest.raises(CorpusError, match=r"a\.jsonl has 1 bad line: line 2"):
        make_manifest(options(folder))
    order = make_manifest(options(folder, skip_bad=True))
    assert order.rows == 3
    assert [[one.line for one in shard.skipped] for shard in order.shards] == [[2], []]


def census_files(folder: Path) -> dict[str, int]:
    """The files of the census and when they were written."""
    return {one.name: one.stat().st_mtime_ns for one in (folder / "census").iterdir()}


def test_census_is_shared_by_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once all tokens are counted, another packing, length, order or batch size reads no document again."""
    first = make_manifest(options(folder, **STREAM))
    before = census_files(folder)
    monkeypatch.setattr(counting, "read_shard", None)
    second = make_manifest(options(folder, **STREAM, sequence_length=3, batch_sequences=5, shuffle_seed=1))
    rows = make_manifest(options(folder))
    assert [shard.model_dump() for shard in second.shards] == [shard.model_dump() for shard in first.shards]
    assert rows.shards == first.shards
    assert len({order.digest for order in (first, second, rows)}) == 3
    assert census_files(folder) == before


def test_census_of_rows_is_that_of_their_length(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document per row is counted for its text tokens per row, and again only for another number of them."""
    first = make_manifest(options(folder))
    assert {shard.tokens for shard in first.shards} == {None}
    before = census_files(folder)
    assert len([name for name in before if ".document-per-row-8." in name]) == 2
    other = make_manifest(options(folder, sequence_length=4, row_suffix=("</s>",)))
    assert len([name for name in census_files(folder) if ".document-per-row-3." in name]) == 2
    monkeypatch.setattr(counting, "read_shard", None)
    same = make_manifest(options(folder, sequence_length=9, row_prefix=("<s>",), shuffle_seed=3))
    assert same.shards == first.shards == other.shards


def test_tokens_are_shown_where_they_were_counted(folder: Path) -> None:
    """`run show` has the number of tokens, or none: of rows of one document not all are counted."""
    shown = {}
    for name, changes in (("few", {}), ("all", STREAM), ("plain", PLAIN)):
        make_manifest(options(folder, **changes)).save(folder / f"{name}.json")
        answer = exposure("run", "show", folder / f"{name}.json", "--format", "jsonl")
        assert answer.status == 0
        shown[name] = json.loads(answer.out)["tokens"]
    encode = Tokenizer.from_str(vocabularies.byte_level()).encode
    assert shown == {"few": None, "all": sum(len(encode(text).ids) for text in [*TEXTS, "these tables"]), "plain": None}


def test_order_does_not_depend_on_what_was_counted(folder: Path) -> None:
    """Rows of one document are the same order, digest and rows, whether all tokens happen to be counted or not."""
    few = make_manifest(options(folder))
    make_manifest(options(folder, **STREAM))
    all_ = make_manifest(options(folder))
    assert {shard.tokens for shard in few.shards} == {None}
    assert None not in {shard.tokens for shard in all_.shards}
    assert few.digest == all_.digest
    assert few.extends(all_)
    units = [
        plan_units(Census.open(order), ["g"], TimelineSettings(MatchRule(), 8, 1, few.checkpoints, few.steps))
        for order in (few, all_)
    ]
    assert units[0] == units[1]


def test_manifest_is_the_same_every_time(folder: Path) -> None:
    """Made twice, saved twice: the same bytes."""
    make_manifest(options(folder, shuffle_seed=1)).save(folder / "one.json")
    make_manifest(options(folder, shuffle_seed=1)).save(folder / "two.json")
    assert (folder / "one.json").read_bytes() == (folder / "two.json").read_bytes()
    assert DataOrder.load(folder / "one.json") == make_manifest(options(folder, shuffle_seed=1))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("{}"),
        lambda path: path.write_text(vocabularies.word_piece()),
    ],
)
def test_tokenizer_that_cannot_be_used(spoil: Callable[[Path], Any], folder: Path) -> None:
    """A missing, broken or unsupported tokenizer stops the manifest before anything is counted."""
    spoil(folder / "tokenizer.json")
    with pytest.raises(TokenizerError, match=r"tokenizer\.json"):
        make_manifest(options(folder))
    assert not (folder / "census").exists()
