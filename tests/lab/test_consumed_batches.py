"""The batches that the trainer really fed to the model are those that `exposure batch` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vocabularies
from tokenizers import Tokenizer

from exposure.orders import Checkpoints, DataOrder
from indexer.batches import batch_rows

BYTE_LEVEL = vocabularies.byte_level()
SENTENCE_PIECE = vocabularies.sentence_piece("metaspace")
PADDING = "<|endoftext|>"
"""Token 0 of the byte-level vocabulary."""

RUNS: dict[str, dict[str, Any]] = {
    "document a row": {"packing": "document-per-row"},
    "document a row, shuffled": {"packing": "document-per-row", "seed": 3, "epochs": 2, "batch": 7},
    "document a row, prefix and suffix": {
        "packing": "document-per-row",
        "prefix": ("<s>",),
        "suffix": ("</row>",),
        "seed": 1,
    },
    "concatenate": {},
    "concatenate, shuffled": {"seed": 5, "epochs": 2},
    "concatenate, shuffled from the second epoch": {"seed": 5, "epochs": 2, "shuffle_from": 1, "batch": 5},
    "concatenate, prefix": {"prefix": ("<s>",), "seed": 2, "length": 11},
    "concatenate, odd length": {"length": 13, "batch": 9},
    "concatenate, order file": {"order": (3, 3, 0, 17, 5, 5, 5, 1, 2)},
    "concatenate, one sequence a batch": {"batch": 1, "documents": 8},
    "no spaces kept apart": {"tokenizer": vocabularies.byte_level(None, prefix_space=True), "seed": 4},
    "bytes missing": {"tokenizer": vocabularies.byte_level(all_bytes=False), "seed": 4},
}


@pytest.mark.parametrize("name", RUNS)
def test_every_sequence_of_every_step_is_the_one_of_the_index(name: str, prepare: Any, tmp_path: Path) -> None:
    """What went into the model, decoded token by token, is the row text of `exposure batch` and nothing but padding."""
    run = prepare(checkpoints=Checkpoints(), **RUNS[name])
    consumed = _consumed(run, tmp_path / "out")
    order = DataOrder.load(tmp_path / "out" / "run.json")
    table = vocabularies.token_bytes(Tokenizer.from_file(order.tokenizer.path))
    said = [row for step in range(1, order.steps + 1) for row in batch_rows(order, step)]
    assert len(consumed) == len(said) == order.slots
    for ids, row in zip(consumed, said, strict=True):
        text = _decoded(ids, table)
        assert text.startswith(row.text)
        assert text.removeprefix(row.text).replace(PADDING, "") == ""


def test_sentence_piece_rows_are_those_of_the_index(prepare: Any, tmp_path: Path) -> None:
    """A vocabulary that marks spaces is packed as the index packs it; a full row has no padding to compare."""
    run = prepare(tokenizer=SENTENCE_PIECE, seed=1, checkpoints=Checkpoints())
    table = vocabularies.token_bytes(Tokenizer.from_file(run.order.tokenizer.path))
    said = [row.text for step in range(1, run.order.steps + 1) for row in batch_rows(run.order, step)]
    assert [_decoded(ids, table) for ids in _consumed(run, tmp_path / "out")] == said


def test_partial_last_batch_is_a_step(prepare: Any, tmp_path: Path) -> None:
    """A last batch that is not full is trained on, and logged, like any other."""
    run = prepare(batch=7, documents=10)
    assert run.order.slots % 7
    with run.trainer(tmp_path / "out") as trainer:
        assert trainer.train(lambda: False)
        assert trainer.step == run.order.steps == -(-run.order.slots // 7)


def _consumed(run: Any, folder: Path) -> list[np.ndarray[Any, Any]]:
    """Every sequence that went into the model, in order, [token] each."""
    seen: list[np.ndarray[Any, Any]] = []

    def note(module: Any, arguments: Any, named: dict[str, Any]) -> None:
        seen.extend(named["input_ids"].numpy().copy())

    with run.trainer(folder) as trainer:
        trainer.model.base_model.register_forward_pre_hook(note, with_kwargs=True)
        trainer.train(lambda: False)
    return seen


def _decoded(ids: np.ndarray[Any, Any], table: dict[int, bytes]) -> str:
    return b"".join(table[int(one)] for one in ids).decode("utf-8", "replace")
