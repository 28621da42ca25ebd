"""Phrase sets, made: phrase files that are named by their content."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from exposure import __version__
from exposure.artefacts import sync_to_disk
from exposure.blimp import PARADIGMS
from exposure.errors import PairsError
from exposure.extraction import extract
from exposure.own_rules import parse_rules
from exposure.pairs import MinimalPair
from exposure.phrase_file import read_phrases, write_phrases
from exposure.phrases import CriticalPhrase
from exposure.provenance import sha256_of_file
from exposure.rules import ParadigmRule
from service.data_directory import DataDirectory

PHRASES = "phrases"
"""The uid of phrases that were sent as a list."""


def extracted_phrase_set(
    data: DataDirectory, pair_set: str, pairs: Sequence[MinimalPair], rules: str | None
) -> tuple[str, bool]:
    """Keep the critical phrases of a pair set, by the default rules and the YAML `rules` before them: (id, is new).

    Raises PairsError as `exposure phrases` does.
    """
    own: Mapping[str, ParadigmRule] = {} if rules is None else parse_rules(rules, "rules")
    rows = extract(pairs, {**PARADIGMS, **own})
    provenance = {"exposure": __version__, "inputs": [{"pair_set": pair_set}], "preset": "blimp", "rules": rules}
    return _written(data, rows, provenance)


def listed_phrase_set(data: DataDirectory, phrases: Sequence[str]) -> tuple[str, bool]:
    """Keep phrases as the lines of a .txt are read, white space collapsed; (id, is new). Raises PairsError."""
    pairs = [
        MinimalPair(PHRASES, str(line), "", "", phrase_good=" ".join(text.split()))
        for line, text in enumerate(phrases, start=1)
    ]
    provenance: dict[str, object] = {"exposure": __version__, "inputs": [], "preset": "blimp", "rules": None}
    return _written(data, extract(pairs, {}), provenance)


def copied_phrase_set(data: DataDirectory, source: Path) -> tuple[str, bool]:
    """Keep the phrase file `source` as it is, once it was read; (id, is new). Raises PairsError where it is none."""
    with _making(data) as partial:
        shutil.copyfile(source, partial)
        try:
            read_phrases(partial)
        except PairsError as error:
            raise PairsError(str(error).replace(str(partial), source.name)) from error
        return _keep(data, partial)


def _written(data: DataDirectory, rows: Sequence[CriticalPhrase], provenance: Mapping[str, object]) -> tuple[str, bool]:
    with _making(data) as partial:
        try:
            write_phrases(partial, rows, provenance)
        except PairsError as error:
            raise PairsError(str(error).replace(str(partial), "The phrase set")) from error
        return _keep(data, partial)


@contextmanager
def _making(data: DataDirectory) -> Iterator[Path]:
    """A name in the folder where interrupted work is cleared away."""
    data.removed.mkdir(exist_ok=True)
    partial = data.removed / f"making-{secrets.token_hex(6)}.parquet"
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _keep(data: DataDirectory, partial: Path) -> tuple[str, bool]:
    digest = sha256_of_file(partial)[:40]
    place = data.phrase_set(digest)
    if place.is_file() and sha256_of_file(place)[:40] == digest:
        return digest, False
    data.phrase_sets.mkdir(exist_ok=True)
    sync_to_disk(partial)
    partial.replace(place)
    sync_to_disk(data.phrase_sets)
    return digest, True
