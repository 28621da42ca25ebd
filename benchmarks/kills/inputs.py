"""A tiny corpus, phrases, pairs and checkpoints, and what an uninterrupted run makes of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from exposure.provenance import sha256_of_file

WORDS = ("the", "cats", "dogs", "sleep", "bark", "these", "this", "book", "books", "old", "new", "run", "runs", "near")
SHARDS = 5
DOCUMENTS = 24
"""Of each shard."""
SETS = 8
STEPS = "0,2,4"
PRESET = "minicons"
"""The only one that needs no token before the sentence: the rows of this run begin with none."""


@dataclass(frozen=True)
class Inputs:
    """Where everything is; made once, only to be read."""

    folder: Path

    @property
    def run(self) -> Path:
        """The run manifest."""
        return self.folder / "corpus" / "run.json"

    @property
    def corpus(self) -> Path:
        """A root for requests."""
        return self.folder / "corpus"

    @property
    def models(self) -> Path:
        """A root of models, with the series `tiny`."""
        return self.folder / "models"

    @property
    def pairs(self) -> Path:
        """Minimal pairs, a line each."""
        return self.folder / "pairs.jsonl"

    @property
    def timeline(self) -> Path:
        """All phrases, indexed without interruption."""
        return self.folder / "timeline"

    @property
    def evaluation(self) -> Path:
        """All pairs, evaluated without interruption; there only with models."""
        return self.folder / "evaluation"

    def phrase_file(self, number: int) -> Path:
        """The phrase file of set `number`."""
        return self.folder / f"phrases-{number}.parquet"

    def phrase_set(self, number: int) -> str:
        """What a service calls set `number`."""
        return sha256_of_file(self.phrase_file(number))[:40]

    @property
    def has_models(self) -> bool:
        """Whether there is something to evaluate."""
        return self.evaluation.is_dir()


def texts(number: int) -> list[str]:
    """The phrases of set `number`."""
    own = [f"{WORDS[(number + i) % len(WORDS)]} {WORDS[(number * 3 + i * 5 + 1) % len(WORDS)]}" for i in range(5)]
    return [WORDS[number % len(WORDS)], *own]


def make_inputs(folder: Path, with_models: bool) -> Inputs:
    """Write everything into `folder`; takes seconds, half a minute with models."""
    inputs = Inputs(folder)
    inputs.corpus.mkdir(parents=True)
    _write_corpus(inputs.corpus)
    pattern = inputs.corpus / "*.jsonl"
    _exposure("train-tokenizer", "--corpus", pattern, "--vocabulary", 300, "-o", inputs.corpus / "tokenizer.json")
    _exposure(
        *("run", "init", "--corpus", pattern, "--tokenizer", inputs.corpus / "tokenizer.json"),
        *("--packing", "document-per-row", "--sequence-length", 32, "--batch-sequences", 4),
        *("--checkpoint-every", 2, "-o", inputs.run),
    )
    for number in range(SETS):
        lines = folder / f"phrases-{number}.txt"
        lines.write_text("\n".join(texts(number)) + "\n")
        _exposure("phrases", lines, "-o", inputs.phrase_file(number))
        _exposure("index", "--run", inputs.run, "--phrases", inputs.phrase_file(number), "--out", inputs.timeline)
    rows = [_pair(number) for number in range(8)]
    inputs.pairs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if with_models:
        _exposure(
            *("pretrain", inputs.run, "--shape", "tiny", "--checkpoint-steps", STEPS, "--threads", 1),
            *("--device", "cpu", "--out", inputs.models / "tiny"),
        )
        _exposure(*evaluate_arguments(inputs, inputs.evaluation))
    return inputs


def evaluate_arguments(inputs: Inputs, out: Path) -> list[object]:
    """The command line of the evaluation."""
    source = inputs.models / "tiny"
    where = ["--device", "cpu", "--threads", 1]
    return ["evaluate", source, "--pairs", inputs.pairs, "--out", out, "--preset", PRESET, *where]


def _write_corpus(folder: Path) -> None:
    for shard in range(SHARDS):
        with (folder / f"{shard}.jsonl").open("w") as file:
            for number in range(DOCUMENTS):
                start = shard * 7 + number * 3
                words = [WORDS[(start + i * (1 + number % 5)) % len(WORDS)] for i in range(6 + number % 9)]
                file.write(json.dumps({"id": f"{shard}-{number}", "text": " ".join(words) + "."}) + "\n")


def _pair(number: int) -> dict[str, str]:
    noun = WORDS[1 + number % 2]
    good, bad = f"These {noun} run near book {number}.", f"These {noun} runs near book {number}."
    return {"UID": "agreement", "pairID": str(number), "sentence_good": good, "sentence_bad": bad}


def _exposure(*arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exposure", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"exposure {' '.join(map(str, arguments))}: {done.stderr}")
