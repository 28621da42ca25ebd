"""The order manifest: what it keeps, what names it, what it refuses."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exposure.errors import OrderError
from exposure.order_rules import OrderFile, Sequential, Shuffled, order_digest, run_order
from exposure.orders import Checkpoints, DataOrder, Shard, Skipped, TokenizerSpec

Mended = Callable[[dict[str, Any]], None]
SPEC = TokenizerSpec(
    path="tokenizers/t.json",
    sha256="77",
    end_of_document="<eod>",
    end_of_document_id=0,
    row_prefix=("<s>",),
    row_prefix_ids=(1,),
)
SHARDS = (
    Shard(path="corpus/a.jsonl", bytes=10, sha256="aa", documents=4, characters=9, tokens=11),
    Shard(
        path="corpus/b.jsonl.zst",
        bytes=20,
        sha256="bb",
        documents=3,
        characters=20,
        tokens=9,
        skipped=(Skipped(line=2, reason="not valid JSON"),),
    ),
)


def concatenated(**changes: Any) -> DataOrder:
    """A run of 27 stream tokens in rows of 4 text tokens: 6 rows and a tail of 3."""
    fields: dict[str, Any] = {
        "shards": SHARDS,
        "tokenizer": SPEC,
        "packing": "concatenate",
        "sequence_length": 5,
        "batch_sequences": 4,
        "rows": 6,
        "slots": 6,
        "tail_tokens": 3,
        "exactness": "exact",
        "checkpoints": Checkpoints(steps=(0, 1)),
        "provenance": {"versions": {"numpy": "2"}},
    }
    return DataOrder(**(fields | changes))


def documents_only(**changes: Any) -> DataOrder:
    """A run without a tokenizer: 7 documents, 7 rows."""
    fields: dict[str, Any] = {
        "shards": tuple(shard.model_copy(update={"tokens": None}) for shard in SHARDS),
        "packing": "document-per-row",
        "batch_sequences": 2,
        "rows": 7,
        "slots": 7,
        "exactness": "approximate",
    }
    return DataOrder(**(fields | changes))


def laid_out(folder: Path) -> DataOrder:
    """An order whose every path is a file below `folder`; the order file is shuffled by hand."""
    for name in ("corpus", "tokenizers", "census", "orders"):
        (folder / name).mkdir(parents=True)
    rows = np.array([5, 0, 0, 3, 4, 1], dtype=np.uint16)
    np.save(folder / "orders" / "o.npy", rows)
    for shard in SHARDS:
        (folder / shard.path).write_text("x")
    order = OrderFile(path="orders/o.npy", sha256="0f")
    return concatenated(order=order, order_sha256=order_digest(rows)).located(folder)


def paths_of(order: DataOrder) -> list[Path]:
    """Every path of a manifest."""
    assert order.tokenizer is not None
    assert isinstance(order.order, OrderFile)
    return [
        Path(one) for one in (*(s.path for s in order.shards), order.tokenizer.path, order.order.path, order.census)
    ]


# ------------------------------------------------------------------------------------------------------ round trips


def test_manifest_moves_with_its_corpus(tmp_path: Path) -> None:
    """Saved beside its files it names them relatively: the folder can be renamed, and every path still leads there."""
    order = laid_out(tmp_path / "here")
    order.save(tmp_path / "here" / "run.json")
    assert str(tmp_path) not in (tmp_path / "here" / "run.json").read_text()
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = DataOrder.load(tmp_path / "there" / "run.json")
    assert [path.relative_to(tmp_path / "there") for path in paths_of(moved)] == [
        path.relative_to(tmp_path / "here") for path in paths_of(order)
    ]
    assert moved.run_order.tolist() == [5, 0, 0, 3, 4, 1]
    assert moved.digest == order.digest


def test_manifest_outside_its_corpus_keeps_absolute_paths(tmp_path: Path) -> None:
    """A manifest in another folder names its files absolutely, so that it alone can be moved."""
    order = laid_out(tmp_path / "data")
    (tmp_path / "runs").mkdir()
    order.save(tmp_path / "runs" / "run.json")
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "runs" / "run.json", tmp_path / "elsewhere" / "run.json")
    assert DataOrder.load(tmp_path / "elsewhere" / "run.json") == order


def test_manifest_is_read_by_a_relative_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths come from the manifest's folder, not from where the command is run."""
    order = laid_out(tmp_path / "data")
    order.save(tmp_path / "data" / "run.json")
    monkeypatch.chdir(tmp_path)
    assert DataOrder.load(Path("data/run.json")) == order
    monkeypatch.chdir(tmp_path / "data")
    assert DataOrder.load(Path("run.json")) == order
    order.save(Path("again.json"))
    assert Path("again.json").read_bytes() == Path("run.json").read_bytes()


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=3),
    st.sampled_from([Sequential(), Shuffled(seed=0), Shuffled(seed=2**70, from_epoch=2)]),
    st.none() | st.lists(st.integers(0, 9)).map(tuple),
)
@settings(deadline=None)
def test_every_field_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    order: Sequential | Shuffled,
    steps: tuple[int, ...] | None,
) -> None:
    """What is saved is what is loaded, in any language and with any order."""
    folder = tmp_path_factory.mktemp("orders")
    made = documents_only(
        text_field=names[0], id_field=names[-1], order=order, epochs=3, slots=21, checkpoints=Checkpoints(steps=steps)
    ).located(folder)
    made.save(folder / "run.json")
    assert DataOrder.load(folder / "run.json") == made


# ------------------------------------------------------------------------------------------------------------ digest


def leaves(node: Any, trail: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The trail of keys to every value of a JSON document that is not a container (empty ones are values)."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = False
    for key, child in items:
        found = True
        yield from leaves(child, (*trail, key))
    if not found:
        yield trail


def other(value: Any) -> Any:
    """A value of the same kind that differs."""
    swaps = {"concatenate": "document-per-row", "exact": "approximate"}
    if isinstance(value, str):
        return swaps.get(value, value + "x")
    if isinstance(value, int):
        return value + 1
    return [{"line": 1, "reason": "x"}] if value == [] else 1


def changed(document: dict[str, Any], trail: tuple[Any, ...]) -> dict[str, Any]:
    """The document with one value replaced."""
    copy = json.loads(json.dumps(document))
    holder = copy
    for key in trail[:-1]:
        holder = holder[key]
    holder[trail[-1]] = other(holder[trail[-1]])
    return copy


INDIFFERENT = {"path", "checkpoints", "census", "provenance", "exactness"}
FIXED = {("format",), ("version",), ("order", "rule"), ("tokenizer", "row_suffix"), ("tokenizer", "row_suffix_ids")}


@pytest.mark.parametrize(
    "order",
    [Sequential(), Shuffled(seed=3, from_epoch=1), OrderFile(path="o.npy", sha256="0f")],
    ids=lambda one: one.rule,
)
def test_digest_depends_on_every_value_that_decides_and_on_no_other(order: Any) -> None:
    """Each value of a manifest changed in turn: paths, checkpoints and provenance leave the digest, others do not."""
    document = concatenated(order=order, order_sha256="ab").model_dump(mode="json")
    digest = DataOrder.model_validate(document).digest
    trails = [trail for trail in leaves(document) if trail not in FIXED]
    assert len(trails) > 30
    for trail in trails:
        same = DataOrder.model_validate(changed(document, trail)).digest == digest
        assert same == bool(INDIFFERENT & set(trail)), trail


def test_digest_tells_rules_rows_and_shard_order_apart() -> None:
    """The rule of the order, the order of shards, and special tokens added to rows are decisive."""
    suffixed = SPEC.model_copy(update={"row_suffix": ("<s>",), "row_suffix_ids": (1,)})
    orders = [
        concatenated(),
        concatenated(order=Shuffled(seed=0)),
        concatenated(shards=SHARDS[::-1]),
        concatenated(tokenizer=suffixed),
        documents_only(),
    ]
    assert len({order.digest for order in orders}) == len(orders)


def test_copy_has_its_own_digest_and_order() -> None:
    """A changed copy of an order whose digest and order were asked for before does not answer with the old ones."""
    order = documents_only(order=Shuffled(seed=1))
    assert len(order.digest) == 64
    assert len(order.run_order) == 7
    copy = order.model_copy(update={"order": Shuffled(seed=2)})
    assert copy.digest == documents_only(order=Shuffled(seed=2)).digest
    assert copy.run_order.tolist() == run_order(Shuffled(seed=2), 7, 1).tolist()


# ------------------------------------------------------------------------------------------------------- extension


def extended(order: DataOrder) -> DataOrder:
    """The same run with a shard more at its end."""
    more = SHARDS[0].model_copy(update={"sha256": "cc", "tokens": None if order.tokenizer is None else 5})
    return order.model_copy(update={"shards": (*order.shards, more), "rows": 99, "slots": 99})


@pytest.mark.parametrize("make", [concatenated, documents_only])
def test_shards_appended_to_a_sequential_run_extend_it(make: Callable[..., DataOrder]) -> None:
    """More shards behind the old ones leave every old slot as it was; fewer do not, and elsewhere they shift rows."""
    longer = extended(make())
    assert longer.extends(make())
    assert make().extends(make())
    assert not make().extends(longer)
    in_front = make(shards=longer.shards[::-1])
    assert not in_front.extends(make())


CHANGES: list[dict[str, Any]] = [
    {"batch_sequences": 8},
    {"sequence_length": 6},
    {"text_field": "body"},
    {"id_field": "key"},
    {"epochs": 2},
    {"packing": "document-per-row"},
    {"order": Shuffled(seed=0)},
    {"order": OrderFile(path="o.npy", sha256="0f")},
    {"tokenizer": SPEC.model_copy(update={"sha256": "78"})},
    {"tokenizer": SPEC.model_copy(update={"row_prefix": ("<t>",)})},
    {"tokenizer": SPEC.model_copy(update={"end_of_document": "<t>"})},
    {"shards": (SHARDS[0], SHARDS[1].model_copy(update={"sha256": "b0"}), SHARDS[0])},
    {"shards": (SHARDS[0], SHARDS[1].model_copy(update={"skipped": ()}), SHARDS[0])},
    {"shards": (SHARDS[0], SHARDS[1].model_copy(update={"documents": 4}), SHARDS[0])},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: "-".join(change))
def test_anything_else_changed_is_no_extension(change: dict[str, Any]) -> None:
    """A run that differs in what decides the text of an old slot does not extend the old run."""
    longer = extended(concatenated())
    assert not longer.model_copy(update=change).extends(concatenated())
    assert not longer.extends(concatenated(**change))


def test_moved_files_and_other_checkpoints_are_the_same_order() -> None:
    """Paths and checkpoints do not stand in the way of an extension."""
    moved = concatenated(checkpoints=Checkpoints(every=1)).located(Path("/elsewhere"))
    assert moved.extends(concatenated())
    assert extended(moved).extends(concatenated())


# ------------------------------------------------------------------------------------------------------ slots, steps


def slow_order(rule: Sequential | Shuffled, rows: int, epochs: int) -> list[int]:
    """The row of every slot, epoch after epoch."""
    run: list[int] = []
    for epoch in range(epochs):
        one = np.arange(rows, dtype=np.uint32)
        if isinstance(rule, Shuffled) and epoch >= rule.from_epoch:
            np.random.Generator(np.random.PCG64(rule.seed + epoch)).shuffle(one)
        run += one.tolist()
    return run


@given(
    st.integers(1, 9),
    st.integers(1, 3),
    st.just(Sequential()) | st.builds(Shuffled, seed=st.integers(0, 9), from_epoch=st.integers(0, 4)),
    st.data(),
)
def test_slots_of_rows_by_loops(rows: int, epochs: int, rule: Sequential | Shuffled, data: st.DataObject) -> None:
    """For any range of rows, any rule and any number of epochs: the slots that hold each row, rising."""
    shard = SHARDS[0].model_copy(update={"documents": rows, "tokens": None})
    order = documents_only(shards=(shard,), rows=rows, slots=rows * epochs, epochs=epochs, order=rule)
    run = slow_order(rule, rows, epochs)
    assert run_order(rule, rows, epochs).tolist() == run
    first = data.draw(st.integers(0, rows))
    end = data.draw(st.integers(first, rows))
    found = order.row_slots(first, end)
    slots = [found.slots[a:b].tolist() for a, b in zip(found.indptr[:-1], found.indptr[1:], strict=True)]
    assert slots == [[slot for slot, held in enumerate(run) if held == row] for row in range(first, end)]


@pytest.mark.parametrize(
    ("checkpoints", "expected"),
    [
        (Checkpoints(), ()),
        (Checkpoints(every=1), (0, 1, 2, 3, 4)),
        (Checkpoints(every=3), (0, 3)),
        (Checkpoints(every=9), (0,)),
        (Checkpoints(steps=(4, 0, 4, 2, 5)), (0, 2, 4)),
    ],
)
def test_checkpoints_within_the_run(checkpoints: Checkpoints, expected: tuple[int, ...]) -> None:
    """7 rows in batches of 2 make 4 steps: step 0 and the last step are checkpoints, steps beyond are none."""
    assert documents_only(checkpoints=checkpoints).checkpoint_steps == expected


def test_text_tokens_of_a_row() -> None:
    """Prefix and suffix count towards the length of a sequence; without a tokenizer there is nothing to count."""
    assert concatenated().text_tokens_per_row == 4
    with pytest.raises(OrderError, match="--tokenizer"):
        _ = documents_only().text_tokens_per_row


# ------------------------------------------------------------------------------------------------------- order files


def order_file(folder: Path, content: Any) -> OrderFile:
    """An order file of an array (or of raw bytes)."""
    path = folder / "o.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with path.open("wb") as file:
            np.save(file, content)
    return OrderFile(path=str(path), sha256="")


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i4", "u8", "i8"])
def test_order_file_of_any_integers(dtype: str, tmp_path: Path) -> None:
    """Any integer type and byte order gives the same rows and the same digest."""
    rows = [2, 0, 0, 1]
    read = run_order(order_file(tmp_path, np.array(rows, dtype=dtype)), 3, 1)
    assert read.tolist() == rows
    assert order_digest(read) == order_digest(np.array(rows, dtype=np.int64))


def pickled() -> np.ndarray[Any, Any]:
    """An array that NumPy can only keep as a pickle."""
    return np.array([{"a": 1}], dtype=object)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (np.array([0.0, 1.0]), "float64"),
        (np.array([True]), "bool"),
        (np.array(["0"]), "<U1"),
        (np.array([[0, 1]]), r"\(1, 2\)"),
        (np.array(1), r"\(\)"),
        (np.array([], dtype=np.int64), r"\(0,\)"),
        (np.array([0, 3]), "rows 0 to 3, but the corpus has 3 rows"),
        (np.array([0, -1]), "rows -1 to 0"),
        (np.array([2**64 - 1], dtype=np.uint64), "rows 18446744073709551615"),
        (pickled(), "cannot be read as .npy"),
        (b"", "cannot be read as .npy"),
        (b"not numpy at all", "cannot be read as .npy"),
        (b"PK\x03\x04 no zip", "cannot be read as .npy"),
        (b"\x93NUMPY\x01\x00", "cannot be read as .npy"),
        (np.arange(3, dtype="<u4").tobytes(), "cannot be read as .npy"),
    ],
)
def test_order_file_that_is_none(content: Any, said: str, tmp_path: Path) -> None:
    """Other types, shapes, rows and files are refused, saying what was found and what was expected."""
    with pytest.raises(OrderError, match=said):
        run_order(order_file(tmp_path, content), 3, 1)


def test_order_file_cut_at_every_byte(tmp_path: Path) -> None:
    """A truncated order file is refused wherever it was cut."""
    whole = Path(order_file(tmp_path, np.array([2, 1, 0])).path).read_bytes()
    for length in range(len(whole)):
        with pytest.raises(OrderError):
            run_order(order_file(tmp_path, whole[:length]), 3, 1)


@pytest.mark.parametrize("rows", [10**6, 10**15, 10**30])
def test_order_file_that_promises_more_than_it_holds(rows: int, tmp_path: Path) -> None:
    """A header that announces more rows than the file (or any memory) has is refused, not waited for."""
    whole = Path(order_file(tmp_path, np.array([2, 1, 0])).path).read_bytes()
    promising = whole.replace(b"(3,), }" + b" " * 30, f"({rows},), }}".encode().ljust(37))
    assert len(promising) == len(whole)
    with pytest.raises(OrderError, match="cannot be read"):
        run_order(order_file(tmp_path, promising), 3, 1)


def test_archive_of_arrays_is_no_order_file(tmp_path: Path) -> None:
    """An .npz holds several arrays and is refused, as are a folder and a missing file."""
    np.savez(tmp_path / "o.npz", a=np.arange(3))
    (tmp_path / "folder.npy").mkdir()
    for name in ("o.npz", "folder.npy", "missing.npy"):
        with pytest.raises(OrderError, match=r"numpy\.save"):
            run_order(OrderFile(path=str(tmp_path / name), sha256=""), 3, 1)


def test_changed_order_file_is_refused(tmp_path: Path) -> None:
    """An order that is not the one that the manifest digested is refused, though it fits the corpus."""
    held = order_file(tmp_path, np.array([5, 0, 0, 3, 4, 1]))
    order = concatenated(order=held, order_sha256=order_digest(np.array([5, 0, 0, 3, 4, 2])))
    with pytest.raises(OrderError, match="another digest"):
        _ = order.run_order


def test_order_file_of_another_length_is_refused(tmp_path: Path) -> None:
    """A manifest that says another number of slots than its order file holds is refused."""
    held = order_file(tmp_path, np.array([5, 0, 0, 3]))
    order = concatenated(order=held, order_sha256=order_digest(np.array([5, 0, 0, 3])))
    with pytest.raises(OrderError, match="6 slots"):
        _ = order.run_order


# ------------------------------------------------------------------------------------------------- broken manifests


BROKEN: list[tuple[bytes, str]] = [
    (b"", "EOF|Invalid JSON"),
    (b"{", "Invalid JSON"),
    (b"[]", "object|dictionary"),
    (b"null", "object|dictionary"),
    (b"{}", "shards"),
    (b'\xff\xfe{"a": 1}', "not a run manifest"),
    (b"[" * 100_000, "Invalid JSON"),
    (b'{"shards": NaN}', "not a run manifest"),
]


@pytest.mark.parametrize(("content", "said"), BROKEN)
def test_file_that_is_no_manifest(content: bytes, said: str, tmp_path: Path) -> None:
    """What is not a manifest is refused, naming the file and what is wrong first."""
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(OrderError, match=said) as error:
        DataOrder.load(path)
    assert str(path) in str(error.value)


def test_missing_manifest_and_folder(tmp_path: Path) -> None:
    """No file, and a folder, are both answered with a sentence."""
    with pytest.raises(OrderError, match="There is no run manifest"):
        DataOrder.load(tmp_path / "run.json")
    with pytest.raises(OrderError, match="not a run manifest"):
        DataOrder.load(tmp_path)


def write_mended(folder: Path, order: DataOrder, mend: Mended) -> Path:
    """A manifest that somebody edited."""
    document = order.model_dump(mode="json")
    mend(document)
    path = folder / "run.json"
    path.write_text(json.dumps(document))
    return path


def setting(*trail: Any, to: Any) -> Mended:
    """An edit that puts a value at a place of the document."""

    def mend(document: dict[str, Any]) -> None:
        holder: Any = document
        for key in trail[:-1]:
            holder = holder[key]
        holder[trail[-1]] = to

    return mend


@pytest.mark.parametrize(
    ("mend", "said"),
    [
        (setting("comment", to="x"), "comment: Extra inputs"),
        (setting("shards", 0, "sise", to=1), "shards.0.sise: Extra"),
        (setting("format", to="other"), "format"),
        (setting("version", to=2), "version"),
        (setting("packing", to="best-fit"), "packing"),
        (setting("shards", to=[]), "shards"),
        (setting("batch_sequences", to=0), "batch_sequences"),
        (setting("epochs", to=0), "epochs"),
        (setting("rows", to=0), "rows"),
        (setting("rows", to="many"), "rows"),
        (setting("order", to={"rule": "random"}), "order"),
        (setting("order", to={"rule": "pcg64"}), "seed"),
        (setting("order", to={"rule": "pcg64", "seed": -1}), "seed"),
        (setting("checkpoints", to={"every": 0}), "checkpoints.every"),
        (setting("checkpoints", to={"steps": [-1]}), "checkpoints.steps"),
    ],
)
def test_edited_manifest_with_a_wrong_value(mend: Mended, said: str, tmp_path: Path) -> None:
    """An unknown key or an impossible value is refused, naming the key."""
    with pytest.raises(OrderError, match=said):
        DataOrder.load(write_mended(tmp_path, concatenated(), mend))


@pytest.mark.parametrize(
    ("order", "mend", "said"),
    [
        (concatenated(), setting("epochs", to=2), "slots"),
        (concatenated(), setting("rows", to=7), "rows"),
        (concatenated(), setting("slots", to=5), "slots"),
        (concatenated(), setting("sequence_length", to=9), "rows"),
        (concatenated(), setting("sequence_length", to=1), "no room"),
        (concatenated(), setting("sequence_length", to=None), "sequence_length"),
        (concatenated(), setting("tokenizer", to=None), "tokenizer"),
        (concatenated(), setting("shards", 0, "tokens", to=None), "tokens"),
        (concatenated(), setting("shards", 1, "documents", to=9), "rows"),
        (documents_only(), setting("packing", to="concatenate"), "tokenizer"),
        (documents_only(), setting("sequence_length", to=8), "tokenizer"),
        (documents_only(), setting("shards", 1, "documents", to=4), "rows"),
        (documents_only(order=Shuffled(seed=1)), setting("epochs", to=3), "slots"),
    ],
)
def test_edited_manifest_that_contradicts_itself(order: DataOrder, mend: Mended, said: str, tmp_path: Path) -> None:
    """Numbers that do not fit the rest of the manifest would give wrong steps, so they are refused when it is read."""
    with pytest.raises(OrderError, match=said):
        DataOrder.load(write_mended(tmp_path, order, mend))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_manifest_without_permission(tmp_path: Path) -> None:
    """A manifest that may not be read is answered with a sentence."""
    path = tmp_path / "run.json"
    documents_only().save(path)
    path.chmod(0)
    with pytest.raises(OrderError, match="not a run manifest"):
        DataOrder.load(path)
