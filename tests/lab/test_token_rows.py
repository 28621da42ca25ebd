"""Token rows: what stands in them, by a second way; when they are used again, and when refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import oracles
import pytest
from corpora import write_shard
from tokenizers import Tokenizer
from training_runs import TrainingRun

from exposure.errors import CensusError, CorpusError, TrainingError
from exposure.orders import DataOrder
from lab.row_making import made_rows
from lab.token_rows import TokenRows, rows_folder, rows_key


def test_concatenated_rows_are_the_stream_cut(prepare: Any, tmp_path: Path) -> None:
    """Rows are documents, each with its end, end to end and cut every L tokens behind the prefix."""
    run = prepare(prefix=("<s>",), length=9)
    tokenizer = Tokenizer.from_file(run.order.tokenizer.path)
    stream = [one for text in _texts_of(run) for one in [*_ids(tokenizer, text), 0]]
    rows = [[1, *stream[at : at + 8]] for at in range(0, len(stream) - len(stream) % 8, 8)]
    assert run.rows.ids.tolist() == rows
    assert run.rows.lengths.tolist() == [9] * len(rows)


def test_document_rows_are_cut_and_closed(prepare: Any) -> None:
    """A row is prefix, first tokens, suffix; what is left free is zero and not counted."""
    run = prepare(packing="document-per-row", prefix=("<s>",), suffix=("</row>",))
    tokenizer = Tokenizer.from_file(run.order.tokenizer.path)
    rows = [[1, *_ids(tokenizer, text)[:14], 2] for text in _texts_of(run)]
    assert run.rows.lengths.tolist() == list(map(len, rows))
    assert [row[:n].tolist() for row, n in zip(run.rows.ids, run.rows.lengths, strict=True)] == rows
    assert all((row[n:] == 0).all() for row, n in zip(run.rows.ids, run.rows.lengths, strict=True))
    assert min(map(len, rows)) == 2, "an empty document has a row"
    assert max(map(len, rows)) == 16, "a long one is cut"


def test_rows_do_not_depend_on_the_order(prepare: Any, tmp_path: Path) -> None:
    """Runs that differ in order, epochs or batch share their rows; another length, or text, makes others."""
    run = prepare()
    shards = tuple(Path(shard.path) for shard in run.order.shards)
    tokenizer = Path(run.order.tokenizer.path)

    def key(**options: Any) -> str:
        defaults = {"length": 16, "packing": "concatenate"}
        manifest = TrainingRun(shards, tokenizer, **{**defaults, **options}).manifest(tmp_path / "run", "other.json")
        return rows_key(DataOrder.load(manifest))

    assert key() == key(seed=1) == key(seed=2, epochs=3) == key(batch=9) == rows_key(run.order)
    others = {key(length=17), key(prefix=("<s>",)), key(packing="document-per-row"), rows_key(run.order)}
    assert len(others) == 4


def test_rows_are_made_once(prepare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are there are opened without reading the corpus."""
    run = prepare()
    for shard in run.order.shards:
        Path(shard.path).unlink()
    again = made_rows(run.order, rows_folder(run.manifest, run.order))
    assert np.array_equal(again.ids, run.rows.ids)


def test_changed_shard_makes_no_rows(prepare: Any) -> None:
    """A shard that is not the manifest's is refused, and nothing is left that looks like rows."""
    run = prepare()
    folder = rows_folder(run.manifest, run.order)
    shutil.rmtree(folder)
    write_shard(Path(run.order.shards[0].path), [("x", "another text")] * 8)
    with pytest.raises(CorpusError, match="has changed since its manifest was made"):
        made_rows(run.order, folder)
    assert list(folder.parent.iterdir()) == []


def test_wrong_census_is_refused(prepare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that has not the tokens which were counted is refused: rows would shift against the index."""
    run = prepare()
    folder = rows_folder(run.manifest, run.order)
    shutil.rmtree(folder)
    encode = "indexer.tokens.TextTokenizer.encode"
    monkeypatch.setattr(encode, lambda _, texts: [np.zeros(len(text) + 1, dtype=np.uint32) for text in texts])
    with pytest.raises(CensusError, match="the census counted"):
        made_rows(run.order, folder)


def test_rows_of_another_run_are_refused(prepare: Any, tmp_path: Path) -> None:
    """A folder given by hand is held against the manifest; a damaged or missing one is a sentence."""
    run = prepare()
    folder = rows_folder(run.manifest, run.order)
    other = run.order.model_copy(update={"sequence_length": 15})
    with pytest.raises(TrainingError, match="another corpus, tokenizer or packing"):
        TokenRows.open(folder, other)
    with pytest.raises(TrainingError, match="holds no token rows"):
        TokenRows.open(tmp_path, run.order)
    (folder / "rows.npy").write_bytes((folder / "rows.npy").read_bytes()[:-7])
    with pytest.raises(TrainingError, match="cannot be read"):
        TokenRows.open(folder, run.order)


def test_facts_say_what_rows_are(prepare: Any) -> None:
    """rows.json names the tokenizer and the vocabulary that a model needs."""
    run = prepare()
    facts = json.loads((rows_folder(run.manifest, run.order) / "rows.json").read_text())
    assert facts["tokenizer_sha256"] == run.order.tokenizer.sha256
    assert facts["vocabulary"] == Tokenizer.from_file(run.order.tokenizer.path).get_vocab_size()
    assert run.rows.ids.dtype == np.uint16


def _texts_of(run: Any) -> list[str]:
    return [document.text for document in oracles.read_documents([Path(shard.path) for shard in run.order.shards])]


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)
