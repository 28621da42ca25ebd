"""Tokenizers that are trained on a corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora import ENDINGS, json_line, write_shard
from shell import assert_sentence, exposure

from indexer.readers.records import Fields
from indexer.tokens import TextTokenizer
from lab.tokenizer_training import trained_tokenizer

TEXTS = [
    (str(i), f"The cats can't see café number {i}; the tables e\u0301 “really” 東京 😀 {'na' * i}") for i in range(40)
]


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_kind_of_shard_gives_the_same_tokenizer(ending: str, tmp_path: Path) -> None:
    """What the indexer reads is what is trained on, and the same text gives the same file."""
    shard, plain = write_shard(tmp_path / f"a{ending}", TEXTS), write_shard(tmp_path / "plain.jsonl", TEXTS)
    assert trained_tokenizer([shard], 300, Fields()) == trained_tokenizer([plain], 300, Fields())


def test_tokenizer_serves_the_indexer(tmp_path: Path) -> None:
    """It has exactly the tokens that were asked for, loses no byte of any text, and composes characters (NFC)."""
    shard = write_shard(tmp_path / "a.jsonl", TEXTS)
    output = tmp_path / "tokenizer.json"
    assert exposure("train-tokenizer", "--corpus", shard, "--vocabulary", 320, "-o", output).status == 0
    tokenizer = TextTokenizer.load(output)
    assert len(tokenizer.table) == 320
    assert tokenizer.special_id("<|endoftext|>") == 0
    text = "cats e\u0301 \x00\t 漢 never seen ZZZ\n\n"
    (ids,) = tokenizer.encode([text])
    assert tokenizer.decode(ids).decode() == text.replace("e\u0301", "é")
    (word,) = tokenizer.encode([" cats"])
    assert len(word) == 1, "a frequent word is one token"


def test_what_cannot_be_trained_is_a_sentence(tmp_path: Path) -> None:
    """Too small a vocabulary, too little text for a large one, a bad line, an output that is the corpus."""
    shard = write_shard(tmp_path / "a.jsonl", TEXTS)
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(json_line("x", "text") + b"{\n")
    output = tmp_path / "tokenizer.json"
    for arguments, said in (
        (("--corpus", shard, "--vocabulary", 256), "every byte"),
        (("--corpus", shard, "--vocabulary", 5000), "Ask for fewer"),
        (("--corpus", bad, "--vocabulary", 258), "line 2"),
        (("--corpus", tmp_path / "none*.jsonl"), "No file matches"),
    ):
        answer = exposure("train-tokenizer", *arguments, "-o", output)
        assert_sentence(answer)
        assert said in answer.err
    answer = exposure("train-tokenizer", "--corpus", shard, "--vocabulary", 300, "-o", shard)
    assert_sentence(answer)
    assert "overwrite" in answer.err
    assert not output.exists()
