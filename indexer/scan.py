"""scan_unit(): one phrase group over one shard → one segment, a pure function of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from exposure.census import Census
from exposure.errors import OrderError
from exposure.orders import DataOrder
from exposure.phrases import MatchRule
from exposure.timeline_folder import TimelineFolder
from exposure.units import Unit
from indexer.documents import packed_batches
from indexer.matchers.aho_corasick import AhoCorasickMatcher
from indexer.rows import Passage, packer
from indexer.tally import Hits, Tally
from indexer.tokens import TextTokenizer, phrase_normaliser

Report = Callable[[int], None]
"""Called with the characters of text scanned since the last call."""


@dataclass(frozen=True)
class ScanInputs:
    """What every unit of one indexing shares; small enough to be sent to any worker.

    `order_digest` is the order that the units were planned from: the file `manifest` may be written anew meanwhile.
    """

    timeline: Path
    manifest: Path
    census: Path
    order_digest: str


def scan_unit(inputs: ScanInputs, unit: Unit, report: Report) -> None:
    """Scan one unit and write its segment; a unit whose segment is there is left alone.

    Raises CorpusError where the shard is missing or not the manifest's; nothing is written then.
    """
    folder = TimelineFolder.open(inputs.timeline)
    if folder.segments.has(unit.key):
        return
    order, census, tokenizer = _run(inputs)
    matcher = _matcher(inputs, unit.group, folder.settings.rule)
    tally = Tally(
        shard=unit.shard,
        slots=order.row_slots(unit.first_row, unit.end_row),
        batch_sequences=order.batch_sequences,
        edges=np.array(unit.edges, dtype=np.int64),
        keep_first=folder.settings.keep_first,
    )
    pack = packer(order, census, unit.shard)
    for documents in packed_batches(census, unit.shard, tokenizer):
        passages = [passage for document in documents for passage in pack(document)]
        tally.add(passages, find_all(matcher, passages))
        report(sum(len(document.text) for document in documents))
    counts, exposures = tally.result()
    folder.segments.write(unit.key, unit.group, (unit.key,), unit.identity, counts, exposures)


def find_all(matcher: AhoCorasickMatcher, passages: list[Passage]) -> Hits:
    """Every match in a list of passages."""
    found = [
        (phrase, index, start) for index, one in enumerate(passages) for phrase, start, _ in matcher.find(one.text)
    ]
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    return Hits(columns[:, 0], columns[:, 1], columns[:, 2])


@lru_cache(maxsize=1)
def _run(inputs: ScanInputs) -> tuple[DataOrder, Census, TextTokenizer | None]:
    order = DataOrder.load(inputs.manifest)
    if order.digest != inputs.order_digest:
        raise OrderError(
            f"The manifest {inputs.manifest} was changed while it was being indexed. Finished units are kept: run the "
            "same command again, if the manifest is the right one now."
        )
    tokenizer = TextTokenizer.of_run(order)
    return order, Census.open(order, inputs.census), tokenizer


@lru_cache(maxsize=2)
def _matcher(inputs: ScanInputs, group: str, rule: MatchRule) -> AhoCorasickMatcher:
    folder = TimelineFolder.open(inputs.timeline)
    return AhoCorasickMatcher(folder.group(group), rule, phrase_normaliser(_run(inputs)[2]))
