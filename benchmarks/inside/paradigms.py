"""The pairs that measures inside are run on: whole paradigms, which is how they are read."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.scoring.samples import blimp
from exposure.pairs import MinimalPair

OF_EXP = (
    "determiner_noun_agreement_1",
    "determiner_noun_agreement_2",
    "regular_plural_subject_verb_agreement_1",
    "regular_plural_subject_verb_agreement_2",
    "irregular_past_participle_verbs",
    "existential_there_subject_raising",
)
"""The six of EXP (Muckatira et al. 2026, arXiv 2606.00230)."""


def add_paradigms(parser: argparse.ArgumentParser) -> None:
    """The option that names them."""
    parser.add_argument("--uid", nargs="+", default=list(OF_EXP), metavar="UID", help="paradigms [EXP's six]")


def of_paradigms(data: Path, uids: list[str], pairs_per_paradigm: int | None) -> list[MinimalPair]:
    """The pairs of BLiMP's paradigms `uids`, or evenly spaced ones of each."""
    return [pair for pair in blimp(data / "blimp", pairs_per_paradigm) if pair.uid in uids]
