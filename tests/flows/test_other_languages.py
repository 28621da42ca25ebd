"""Other languages, facts and entities go through the same door: from their files to the answer on the shell."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from exposure.world import World, write_world

DOCUMENTS = [
    "Nichts davon steht hier.",
    "Die Hauptstadt von Frankreich ist Paris, das weiß jeder.",
    "他昨天买了三本书，放在桌子上。",
    "DIE HAUPTSTADT VON FRANKREICH\nIST PARIS. Ein Kind der Ära.",
    "Die Hauptstadt von Frankreich ist Parisien nicht.",
    "我看见三本书。三本书！",
    "Ada Lovelace schrieb das Programm; Ada Lovelace’s notes.",
    "ДОМ стоит. Это не домик, это дом.",
]
PAIRS_OF_CHINESE = [
    {
        "sentence_good": "他买了三本书。",
        "sentence_bad": "他买了三张书。",
        "uid": "classifier",
        "phrase_good": "三本书",
        "phrase_bad": "三张书",
    }
]
FACTS = [
    {
        "sentence_good": "Die Hauptstadt von Frankreich ist Paris.",
        "sentence_bad": "Die Hauptstadt von Frankreich ist Rom.",
        "uid": "capital",
        "phrase_good": "Hauptstadt von Frankreich ist Paris",
        "phrase_bad": "Hauptstadt von Frankreich ist Rom",
    }
]
EXPECTED = {
    # phrase: (document, character, count), found by reading DOCUMENTS
    "三本书": (2, 5, 3),
    "三张书": None,
    "hauptstadt von frankreich ist paris": (1, 4, 2),
    "hauptstadt von frankreich ist rom": None,
    "ada lovelace": (6, 0, 2),
    "ada lovelace's notes": (6, 35, 1),
    "дом": (7, 0, 2),
    "ära": (3, 54, 1),
}


def exposure(*arguments: object) -> str:
    """Run the command and return what it printed."""
    finished = subprocess.run(
        [sys.executable, "-m", "exposure", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Pairs, facts, a list of entities, and a corpus that holds some of them."""
    lines = "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in PAIRS_OF_CHINESE)
    (tmp_path / "chinese.jsonl").write_text(lines, encoding="utf-8")
    with (tmp_path / "facts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(FACTS[0]))
        writer.writeheader()
        writer.writerows(FACTS)
    (tmp_path / "entities.txt").write_text("Ada Lovelace\nAda Lovelace's notes\nдом\nÄra\n", encoding="utf-8")
    documents = "".join(json.dumps({"id": f"d{i}", "text": text}) + "\n" for i, text in enumerate(DOCUMENTS))
    (tmp_path / "corpus.jsonl").write_text(documents, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("with_tokenizer", [False, True])
def test_every_language_is_found_where_it_stands(files: Path, with_tokenizer: bool) -> None:
    """Phrases of any script, in any of the three formats, get the document, character and count that they have."""
    pairs = [files / name for name in ("chinese.jsonl", "facts.csv", "entities.txt")]
    exposure("phrases", *pairs, "-o", files / "phrases.parquet")
    shape = []
    if with_tokenizer:
        world = write_world(World(documents=400), files / "world")
        shape = ["--tokenizer", world.tokenizer, "--sequence-length", 512]
    exposure("run", "init", "--corpus", files / "corpus.jsonl", "--packing", "document-per-row", "--batch-sequences", 2,
             "-o", files / "run.json", *shape)  # fmt: skip
    exposure("index", "--run", files / "run.json", "--phrases", files / "phrases.parquet", "--out", files / "timeline")
    (files / "asked.txt").write_text("\n".join(EXPECTED), encoding="utf-8")
    printed = exposure("first-seen", files / "timeline", "--file", files / "asked.txt", "--format", "jsonl")
    for answer, (phrase, expected) in zip(map(json.loads, printed.splitlines()), EXPECTED.items(), strict=True):
        assert answer["phrase"] == phrase
        if expected is None:
            assert (answer["status"], answer["count"]) == ("never", 0)
            continue
        document, character, count = expected
        assert (answer["status"], answer["document"], answer["offset"]) == ("seen", f"d{document}", character)
        assert (answer["first_step"], answer["count"]) == (document // 2 + 1, count)
        assert answer["exactness"] == ("exact" if with_tokenizer else "approximate")


def test_facts_split_like_grammar(files: Path) -> None:
    """Pairs of facts and of Chinese are split into proxy-train and proxy-validation by the same command."""
    pairs = [files / "chinese.jsonl", files / "facts.csv"]
    exposure("phrases", *pairs, "-o", files / "phrases.parquet")
    exposure("run", "init", "--corpus", files / "corpus.jsonl", "--packing", "document-per-row", "--batch-sequences", 1,
             "-o", files / "run.json")  # fmt: skip
    exposure("index", "--run", files / "run.json", "--phrases", files / "phrases.parquet", "--out", files / "timeline")
    for step, capital, classifier in ((1, 0, 0), (2, 1, 0), (3, 1, 1)):
        printed = exposure("split", files / "timeline", "--pairs", files / "phrases.parquet", "--policy", "seen-by",
                           "--at-step", step, "--format", "jsonl")  # fmt: skip
        answers = map(json.loads, printed.splitlines())
        assert {answer["uid"]: answer["proxy_train"] for answer in answers} == {
            "capital": capital,
            "classifier": classifier,
        }
