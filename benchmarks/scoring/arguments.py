"""What the commands about scoring have in common: options, and what happens at the end."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks.scoring.page import page, tables
from benchmarks.scoring.results import kept
from benchmarks.sources import DATA
from benchmarks.tasks import ROOT
from exposure.tables import table

PAGE = ROOT / "docs" / "evaluator-benchmarks.md"


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options of all three."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    work = caches / "exposure" / "evaluator-benchmarks"
    parser.add_argument("--work", type=Path, default=work, help="folder for models and figures [%(default)s]")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with blimp/, novels/ and tokenizers/")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of torch [%(default)s]")
    parser.add_argument("--pairs-per-paradigm", type=int, metavar="N", help="evenly spaced pairs of each [all]")
    parser.add_argument("--write", action="store_true", help="write docs/evaluator-benchmarks.md from all figures kept")


def finish(asked: argparse.Namespace, name: str) -> None:
    """Print the tables of one part, and write the page where that was asked for."""
    measured = kept(asked.work)
    for one in tables({name: measured[name]}):
        print(f"\n{one.title}\n\n{table(one.rows, one.columns)}{one.note}")
    if asked.write:
        PAGE.write_text(page(measured), encoding="utf-8")
        print(f"written: {PAGE}")
