"""Pair sets, made: pairs.jsonl and set.json in a folder that is named by the pairs, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from exposure.api.resources import PairSetFacts, ParadigmSize
from exposure.artefacts import atomic_write, sync_to_disk
from exposure.errors import PairsError
from exposure.pair_rows import pair_of
from exposure.pair_writing import pair_lines
from exposure.pairs import MinimalPair
from exposure.sealed import sealed, unsealed
from service.data_directory import DataDirectory
from service.removal import delete, set_aside
from service.sets.phrase_set_making import extracted_phrase_set

FORMAT = "exposure.pair-set"


def pairs_of_rows(rows: Sequence[dict[str, Any]]) -> list[MinimalPair]:
    """The pairs of a request, each with a uid; raises PairsError naming the row, counted from 0."""
    pairs: list[MinimalPair] = []
    places: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows):
        where = f"row {number}"
        if row.get("uid") is None and row.get("UID") is None:
            raise PairsError(f"{where}: uid is missing. Every pair of a request names its paradigm.")
        pair = pair_of(dict(row), where, {"pair_id": str(number)})
        first = places.setdefault((pair.uid, pair.pair_id), number)
        if first != number:
            raise PairsError(
                f"{where}: the pair {pair.name} is row {first} already. Give every pair of a paradigm a "
                "pair_id of its own."
            )
        pairs.append(pair)
    return pairs


def make_pair_set(data: DataDirectory, pairs: Sequence[MinimalPair]) -> tuple[str, bool]:
    """Keep `pairs`, in their order, and their critical phrases by the default rules; (id, whether it is new).

    Raises PairsError for lines of phrase lists. Where a paradigm has no rule the set is kept without a phrase set, and
    says why.
    """
    content = pair_lines(pairs).encode()
    digest = digest_of(content)
    if is_whole(data, digest):
        return digest, False
    phrase_set, reason = _phrase_set(data, digest, pairs)
    _keep(data, facts_of_pairs(digest, pairs, phrase_set, reason), content)
    return digest, True


def digest_of(content: bytes) -> str:
    """What names a pair set: the beginning of the sha256 of its pairs.jsonl."""
    return hashlib.sha256(content).hexdigest()[:40]


def is_whole(data: DataDirectory, digest: str) -> bool:
    """Whether the pair set is there, with the very pairs that it is named by."""
    try:
        set_file = data.pairs(digest).with_name("set.json")
        return (
            digest_of(data.pairs(digest).read_bytes()) == digest
            and unsealed(json.loads(set_file.read_bytes()))["id"] == digest
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def facts_of_pairs(
    digest: str, pairs: Sequence[MinimalPair], phrase_set: str | None, reason: str | None
) -> PairSetFacts:
    """How many pairs each paradigm has, in the order in which they are met."""
    sizes = Counter(pair.uid for pair in pairs)
    phenomena = {pair.uid: pair.phenomenon for pair in reversed(pairs)}
    paradigms = tuple(ParadigmSize(uid, size, phenomena[uid]) for uid, size in sizes.items())
    return PairSetFacts(digest, len(pairs), paradigms, phrase_set, no_phrases=reason)


def _phrase_set(data: DataDirectory, digest: str, pairs: Sequence[MinimalPair]) -> tuple[str | None, str | None]:
    try:
        return extracted_phrase_set(data, digest, pairs, None)[0], None
    except PairsError as error:
        return None, str(error)


def _keep(data: DataDirectory, facts: PairSetFacts, content: bytes) -> None:
    """Write both files into a folder beside, then move it into its place, where perhaps a damaged one is."""
    place = data.pairs(facts.id).parent
    making = data.removed / f"making-{facts.id}-{secrets.token_hex(6)}"
    making.mkdir(parents=True)
    with atomic_write(making / "pairs.jsonl") as partial:
        partial.write_bytes(content)
    with atomic_write(making / "set.json") as partial:
        document = {"format": FORMAT, "version": 1, **asdict(facts)}
        del document["problem"]
        partial.write_text(json.dumps(sealed(document), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    data.pair_sets.mkdir(exist_ok=True)
    _move(data, making, place)


def _move(data: DataDirectory, making: Path, place: Path) -> None:
    if place.exists() and not is_whole(data, place.name):
        delete(set_aside(data, place))
    try:
        making.rename(place)
    except OSError:
        if not is_whole(data, place.name):
            raise
        delete(making)  # somebody else has just made the same
    sync_to_disk(data.pair_sets)
