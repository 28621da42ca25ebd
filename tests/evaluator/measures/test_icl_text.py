"""The text of the ICL score: files of every kind, documents drawn by content, rows as the tokenizer has them."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny_models
import zstandard

from evaluator.measures.icl.text_files import documents, text_files
from evaluator.measures.icl.text_rows import text_rows
from evaluator.measures.icl.text_sample import CANDIDATES_PER_ROW, text_sample
from evaluator.text_tokenizer import TextTokenizer
from exposure.errors import EvaluationError

TEXTS = ["The first.", "Zwei,\u2028drei – 四。", "", "Line\nafter line\r\n.", "The first."]


def jsonl(texts: list[str]) -> bytes:
    return b"\n".join(json.dumps({"id": place, "text": text}).encode() for place, text in enumerate(texts)) + b"\n\n"


def in_two(pack: Callable[[bytes], bytes], content: bytes) -> bytes:
    """Compressed as two members or frames, as parallel compressors make them."""
    return pack(content[:40]) + pack(content[40:])


def zst(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


@pytest.mark.parametrize("ending", [".jsonl", ".json.gz", ".ndjson.zst", ".parquet", ".JSONL"])
def test_shards_of_every_kind_hold_the_same_documents(ending: str, tmp_path: Path) -> None:
    file, content = tmp_path / f"shard{ending}", jsonl(TEXTS)
    if ending == ".parquet":
        pq.write_table(pa.table({"id": range(len(TEXTS)), "text": TEXTS}), file, row_group_size=2)
    elif ending == ".JSONL":
        file.write_bytes(b"\xef\xbb\xbf" + content)
    else:
        file.write_bytes(in_two({"gz": gzip.compress, "st": zst}.get(ending[-2:], bytes), content))
    assert list(documents(file)) == TEXTS


@pytest.mark.parametrize("ending", [".txt", ".txt.gz", ".txt.zst"])
def test_a_plain_file_is_one_document(ending: str, tmp_path: Path) -> None:
    pack = {"gz": gzip.compress, "st": zst}.get(ending[-2:], bytes)
    (tmp_path / f"a{ending}").write_bytes(pack("One.\n\nTwo – 二。\n".encode()))
    assert list(documents(tmp_path / f"a{ending}")) == ["One.\n\nTwo – 二。\n"]


def test_a_folder_stands_for_its_files_of_text(tmp_path: Path) -> None:
    """By name, and without what is no text."""
    for name in ("b.txt", "a.jsonl.gz", "notes.md", ".hidden.txt"):
        (tmp_path / name).touch()
    assert text_files([tmp_path, tmp_path / "b.txt"]) == [tmp_path / name for name in ("a.jsonl.gz", "b.txt", "b.txt")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b'{"text": "x"}\n{"body": "y"}\n', r"a\.jsonl, line 2: the keys body, and .* under 'text'"),
        ("a.jsonl", b"[1]\n", "line 1: no JSON object"),
        ("a.jsonl", b'{"text": "x"}\n{"text": "\xff"}\n', "line 2: no JSON object"),
        ("a.jsonl", b'{"text": 3}\n', "line 1: the keys text"),
        ("a.txt", b" \n", "holds no document"),
        ("a.txt", b"\xff", "cannot be read as text"),
        ("a.jsonl.gz", gzip.compress(jsonl(TEXTS))[:-20], "cannot be read as text"),
        ("a.jsonl.zst", zst(jsonl(TEXTS))[:-5], "cannot be read as text"),
        ("a.jsonl.zst", b"no frame", "cannot be read as text"),
        ("a.jsonl.zst", b"", "holds no document"),
        ("a.parquet", b"PAR1", "cannot be read as text"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EvaluationError, match=said):
        list(documents(tmp_path / name))


def test_other_columns_and_other_files_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(EvaluationError, match="the columns body"):
        list(documents(tmp_path / "a.parquet"))
    (tmp_path / "a.csv").touch()
    with pytest.raises(EvaluationError, match="no file of text"):
        text_files([tmp_path / "a.csv"])
    with pytest.raises(EvaluationError, match="does not exist"):
        text_files([tmp_path / "none.txt"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match="holds no file of text"):
        text_files([tmp_path / "empty"])


def many() -> list[str]:
    """Documents of 10 to 59 characters, some of them twice."""
    random = Random(3)
    made = ["".join(random.choices("abcdé ", k=random.randrange(10, 60))) for _ in range(400)]
    return made + made[::7]


def test_documents_are_drawn_by_their_content(tmp_path: Path) -> None:
    """Those with the smallest sha256, by a plain sort; whatever the order, the files and the copies are."""
    random, texts = Random(1), many()
    (tmp_path / "a.jsonl").write_bytes(jsonl(texts))
    random.shuffle(texts)
    (tmp_path / "b.jsonl").write_bytes(jsonl(texts[:100]))
    (tmp_path / "c.jsonl").write_bytes(jsonl(texts[100:]))
    one = text_sample([tmp_path / "a.jsonl"], 3, 40, seed=5)
    assert one == text_sample([tmp_path / "c.jsonl", tmp_path / "b.jsonl"], 3, 40, seed=5)
    long = {text for text in texts if len(text.encode()) >= 40}
    ranked = sorted(long, key=lambda text: hashlib.sha256(b"5 " + text.encode()).digest())
    assert len(long) > 3 * CANDIDATES_PER_ROW
    assert list(one.texts) == ranked[: 3 * CANDIDATES_PER_ROW]
    other = text_sample([tmp_path / "a.jsonl"], 3, 40, seed=6)
    assert set(other.texts) != set(one.texts)
    assert other.digest != one.digest == text_sample([tmp_path / "a.jsonl"], 3, 40, seed=5).digest


def test_only_the_beginnings_are_kept_and_all_of_a_document_names_it(tmp_path: Path) -> None:
    digests = set()
    for ending in ("x", "y"):
        (tmp_path / "a.txt").write_text("word " * 100 + ending)
        sample = text_sample([tmp_path / "a.txt"], 1, 4, seed=0)
        assert sample.texts == (("word " * 100)[:64],)
        digests.add(sample.digest)
    assert len(digests) == 2


def test_rows_are_the_first_tokens_of_long_documents(tmp_path: Path) -> None:
    """Against the tokenizer's own answer for each whole document; short ones are left out, never joined."""
    tiny_models.tokenizer_of("llama").save_pretrained(tmp_path)
    tokenizer = TextTokenizer.open(tmp_path)
    texts = list(tiny_models.texts()[:60])
    (tmp_path / "a.jsonl").write_bytes(jsonl(texts))
    width = int(np.median([len(ids) for ids in tokenizer.encode(texts)]))
    sample = text_sample([tmp_path / "a.jsonl"], 60, width, seed=0)
    found = text_rows(sample, tokenizer, 60, width)
    expected = [ids[:width] for ids in map(tiny_models.tokenizer_of("llama").encode, texts) if len(ids) >= width]
    assert 0 < len(expected) < 60
    assert sorted(found.ids.tolist()) == sorted(expected)
    assert f"{len(expected)} of the" in str(found.note(60))
    few = text_rows(sample, tokenizer, 5, width)
    assert few.ids.tolist() == found.ids[:5].tolist()
    assert few.note(5) is None
    with pytest.raises(EvaluationError, match=r"None of the .* has 5,000 tokens .* the longest has"):
        text_rows(sample, tokenizer, 5, 5000)


def test_text_that_cannot_be_long_enough_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("é" * 20)
    with pytest.raises(EvaluationError, match="could have 50 tokens: the longest has 40 bytes"):
        text_sample([tmp_path / "a.txt"], 3, 50, seed=0)
