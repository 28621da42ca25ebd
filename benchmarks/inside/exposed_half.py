"""A timeline in which every second pair of each paradigm is exposed, made by the commands that users have."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tasks import ROOT
from exposure.pairs import MinimalPair


def exposed_half(pairs: Sequence[MinimalPair], files: Sequence[Path], work: Path) -> Path:
    """The timeline, in `work`: a corpus of good sentences, a document each. `files` are those of the pairs."""
    work.mkdir(parents=True, exist_ok=True)
    corpus, run, phrases, timeline = (work / one for one in ("corpus.jsonl", "run.json", "phrases.parquet", "timeline"))
    lines = [json.dumps({"id": pair.name, "text": pair.sentence_good}) for pair in pairs[::2]]
    corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
    exposure("phrases", *files, "--output", phrases)
    rows = ("--packing", "document-per-row", "--batch-sequences", 64, "--checkpoint-every", 10)
    exposure("run", "init", "--corpus", corpus, *rows, "--output", run)
    exposure("index", "--run", run, "--phrases", phrases, "--out", timeline)
    return timeline


def exposure(*arguments: object) -> None:
    """One command; raises CalledProcessError where it fails."""
    subprocess.run(
        [sys.executable, "-m", "exposure", *map(str, arguments)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
