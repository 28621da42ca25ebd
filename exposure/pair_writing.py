"""Minimal pairs as rows again: what `pair_files` reads, written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, fields

from exposure.api.pairs import PairRow
from exposure.errors import PairsError
from exposure.pair_rows import ONE_PREFIX, TWO_PREFIX
from exposure.pairs import MinimalPair
from exposure.phrases import anchor_name

_SAME = tuple(field.name for field in fields(PairRow) if field.name in MinimalPair.__slots__ and field.name != "gap")
"""Columns that are called as in `MinimalPair`."""


def pair_row(pair: MinimalPair) -> dict[str, object]:
    """The row from which `pair_of` makes exactly `pair` again; what is not there is left out.

    Raises PairsError for a line of a phrase list, which is no pair.
    """
    if pair.is_bare_phrase:
        raise PairsError(f"{pair.name} is a phrase without sentences ({pair.phrase_good!r}). Make a phrase set of it.")
    row: dict[str, object] = {name: getattr(pair, name) for name in _SAME}
    row |= {"gap": pair.gap or None, "anchor": anchor_name(pair.sentence_end)}
    for names, form in ((ONE_PREFIX, pair.one_prefix), (TWO_PREFIX, pair.two_prefix)):
        if form is not None:
            row |= dict(zip(names, astuple(form), strict=True))
    return {name: value for name, value in row.items() if value is not None}


def pair_lines(pairs: Iterable[MinimalPair]) -> str:
    """A .jsonl of `pairs`: the same pairs in the same order give the same text."""
    return "".join(json.dumps(pair_row(pair), ensure_ascii=False) + "\n" for pair in pairs)
