"""pairs.parquet of an evaluation: the pairs in the order of all its scores, and the words that cluster them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.conventions import Method
from evaluator.scored import NO_CLUSTER, PairTable
from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError
from exposure.folding import fold
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase

SCHEMA = pa.schema([
    pa.field("pair", pa.int32(), nullable=False),
    pa.field("uid", pa.string(), nullable=False),
    pa.field("pair_id", pa.string(), nullable=False),
    pa.field("field", pa.string()),
    pa.field("phenomenon", pa.string()),
    pa.field("sentence_good", pa.string(), nullable=False),
    pa.field("sentence_bad", pa.string(), nullable=False),
    pa.field("scored_bytes_good", pa.int32()),
    pa.field("scored_bytes_bad", pa.int32()),
    pa.field("critical_lemma", pa.string()),
    pa.field("context_lemma", pa.string()),
    pa.field("flags", pa.list_(pa.field("element", pa.string())), nullable=False),
])  # fmt: skip
"""`scored_bytes_*`: UTF-8 bytes of what the method scores of a side; null where it does not apply. `critical_lemma`
holds the forms of the critical word on both sides, sorted: "car/cars"; null where there is none."""


def pairs_digest(pairs: Sequence[MinimalPair]) -> str:
    """sha256 over what can be scored, in order: names, sentences, and the words of the prefix methods."""
    digest = hashlib.sha256()
    for pair in pairs:
        forms = [form and astuple(form) for form in (pair.one_prefix, pair.two_prefix)]
        fields = [pair.uid, pair.pair_id, pair.sentence_good, pair.sentence_bad, *forms]
        digest.update(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def write_pairs(
    path: Path, pairs: Sequence[MinimalPair], critical: Sequence[CriticalPhrase], method: Method = "full"
) -> None:
    """Write `pairs` and the words that `critical` names of them: same arguments, same bytes."""
    by_pair: dict[tuple[str, str], list[CriticalPhrase]] = {}
    for one in critical:
        by_pair.setdefault((one.uid, one.pair_id), []).append(one)
    rows = [
        {**_row(number, pair, by_pair.get((pair.uid, pair.pair_id), [])), **_scored_bytes(pair, method)}
        for number, pair in enumerate(pairs)
    ]
    with atomic_write(path, keeps_same=True) as partial:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), partial, compression="zstd", write_page_checksum=True)


def _row(number: int, pair: MinimalPair, sides: Sequence[CriticalPhrase]) -> dict[str, object]:
    return {
        "pair": number,
        "uid": pair.uid,
        "pair_id": pair.pair_id,
        "field": pair.field,
        "phenomenon": pair.phenomenon,
        "sentence_good": pair.sentence_good,
        "sentence_bad": pair.sentence_bad,
        "critical_lemma": _contrast([side.critical_word for side in sides]),
        "context_lemma": _contrast([side.context_word for side in sides]),
        "flags": list(dict.fromkeys(flag for side in sides for flag in side.flags)),
    }


def _scored_bytes(pair: MinimalPair, method: Method) -> dict[str, int]:
    """Of the sentences, or of the words that a prefix method scores; nothing where it does not apply."""
    scored = scored_texts(pair, method)
    return {
        f"scored_bytes_{side}": len(text.encode()) for side, text in zip(("good", "bad"), scored or (), strict=False)
    }


def scored_texts(pair: MinimalPair, method: Method) -> tuple[str, str] | None:
    """What a method scores of the good and of the bad side; None where it does not apply to the pair."""
    if method == "full":
        return pair.sentence_good, pair.sentence_bad
    if method == "one-prefix" and pair.one_prefix is not None:
        return pair.one_prefix.word_good, pair.one_prefix.word_bad
    if method == "two-prefix" and pair.two_prefix is not None:
        return pair.two_prefix.word, pair.two_prefix.word
    return None


def _contrast(words: Sequence[str | None]) -> str | None:
    """The forms of a word on both sides, whichever is the good one: "this car/cars" and "these cars/car" are one."""
    return "/".join(sorted({fold(word) for word in words if word is not None})) or None


def read_pair_columns(path: Path, names: Sequence[str]) -> dict[str, list[object]]:
    """Columns of a pairs.parquet, value by value; raises EvaluationError where it is none or damaged."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if file.schema_arrow.names != SCHEMA.names:
                raise EvaluationError(
                    f"{path} has the columns {file.schema_arrow.names}, expected {SCHEMA.names}. Make the evaluation "
                    "again in another folder."
                )
            table = file.read(list(names))
        return {name: table[name].to_pylist() for name in names}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EvaluationError(
            f"{path} cannot be read ({str(error).splitlines()[0]}). Make the evaluation again in another folder."
        ) from error


def scored_bytes(path: Path, side: str) -> npt.NDArray[np.float64]:
    """[pair] UTF-8 bytes of what is scored of a side; NaN where the method does not apply."""
    name = f"scored_bytes_{side}"
    sizes = read_pair_columns(path, [name])[name]
    return np.array([np.nan if size is None else size for size in sizes], dtype=np.float64)


_OF_TABLE = ("uid", "pair_id", "phenomenon", "field", "critical_lemma", "context_lemma", "flags")


def pair_table(path: Path) -> PairTable:
    """The columns of a pairs.parquet that statistics take."""
    columns = read_pair_columns(path, [*_OF_TABLE, "sentence_good", "sentence_bad"])

    def texts(name: str, missing: str = "") -> tuple[str, ...]:
        return tuple(missing if value is None else str(value) for value in columns[name])

    sentences = zip(columns["sentence_good"], columns["sentence_bad"], strict=True)
    flags = tuple(tuple(map(str, _list(value))) for value in columns["flags"])
    return PairTable(
        uid=texts("uid"),
        pair_id=texts("pair_id"),
        phenomenon=texts("phenomenon"),
        field=texts("field"),
        critical_lemma=texts("critical_lemma", NO_CLUSTER),
        context_lemma=texts("context_lemma", NO_CLUSTER),
        flags=flags,
        has_identical_sides=np.array([good == bad for good, bad in sentences], dtype=bool),
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
