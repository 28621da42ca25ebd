"""What the commands about scoring and measures have in common: options, and what happens at the end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.scoring.page import page, tables
from benchmarks.scoring.results import kept
from benchmarks.sources import DATA
from benchmarks.tasks import ROOT
from exposure.tables import table

PAGE = ROOT / "docs" / "evaluator-benchmarks.md"


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options of all of them."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    work = caches / "exposure" / "evaluator-benchmarks"
    parser.add_argument("--work", type=Path, default=work, help="folder for models and figures [%(default)s]")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with blimp/, novels/ and tokenizers/")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of torch [%(default)s]")
    parser.add_argument("--pairs-per-paradigm", type=int, metavar="N", help="evenly spaced pairs of each [all]")
    parser.add_argument("--write", action="store_true", help="put all figures kept into docs/evaluator-benchmarks.md")


def finish(asked: argparse.Namespace, name: str) -> None:
    """Print the tables of one part, and write the page where that was asked for."""
    measured = kept(asked.work)
    for one in tables({name: measured[name]}):
        print(f"\n{one.title}\n\n{table(one.rows, one.columns)}{one.note}")
    if asked.write:
        PAGE.write_text(page(measured, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"written: {PAGE}")


def refuse_missed(rows: Sequence[Mapping[str, object]]) -> None:
    """Exit with status 1 where a bar of these rows was missed, naming each."""
    missed = [row for row in rows if row["verdict"] != "met"]
    for row in missed:
        print(f"missed: {', '.join(f'{name} {value}' for name, value in row.items())}", file=sys.stderr)
    if missed:
        sys.exit(1)
