"""scan_unit(): one phrase group over one shard → one segment, a pure function of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from exposure.census import Census
from exposure.errors import OrderError
from exposure.order_paths import with_working_paths
from exposure.orders import DataOrder
from exposure.phrases import MatchRule
from exposure.timeline_folder import TimelineFolder
from exposure.units import Unit
from indexer.documents import text_blocks
from indexer.matchers.engine import Engine, Matcher, matcher
from indexer.matching import matched
from indexer.tally import Tally
from indexer.token_sizes import TokenSizes, token_sizes
from indexer.tokens import TextTokenizer, phrase_normaliser

Report = Callable[[int], None]
"""Called with the characters of text scanned since the last call."""


@dataclass(frozen=True)
class ScanInputs:
    """What every unit of one indexing shares; small enough to be sent to any worker.

    `order_digest` is the order that the units were planned from: the file `manifest` may be written anew meanwhile.
    `engine` finds the phrases, in so many `threads` of each process; neither changes what is found.
    """

    timeline: Path
    manifest: Path
    census: Path
    order_digest: str
    engine: Engine = "auto"
    threads: int = 1


def scan_unit(inputs: ScanInputs, unit: Unit, report: Report) -> None:
    """Scan one unit and write its segment; a unit whose segment is there is left alone.

    Raises CorpusError where the shard is missing or not the manifest's; nothing is written then.
    """
    folder = TimelineFolder.open(inputs.timeline)
    if folder.segments.has(unit.key):
        return
    order, census, tokenizer = _run(inputs)
    phrases, finder = _sought(inputs, unit.group, folder.settings.rule)
    tally = Tally(
        shard=unit.shard,
        phrases=phrases,
        slots=order.row_slots(unit.first_row, unit.end_row),
        batch_sequences=order.batch_sequences,
        edges=np.array(unit.edges, dtype=np.int64),
        keep_first=folder.settings.keep_first,
        sizes_of=_token_sizes(inputs),
    )
    for block, hits in matched(text_blocks(census, unit.shard, tokenizer, report), finder, inputs.threads):
        tally.add(block, hits)
    counts, exposures = tally.result()
    folder.segments.write(unit.key, unit.group, (unit.key,), unit.identity, counts, exposures)


@lru_cache(maxsize=1)
def _run(inputs: ScanInputs) -> tuple[DataOrder, Census, TextTokenizer | None]:
    order = DataOrder.load(inputs.manifest)
    if order.digest != inputs.order_digest:
        raise OrderError(
            f"The manifest {inputs.manifest} was changed while it was being indexed. Finished units are kept: run the "
            "same command again, if the manifest is the right one now."
        )
    # A shard that the manifest misplaces is read where the timeline found it before.
    order = with_working_paths(order, TimelineFolder.open(inputs.timeline).order)
    tokenizer = TextTokenizer.of_run(order)
    return order, Census.open(order, inputs.census), tokenizer


@lru_cache(maxsize=2)
def _sought(inputs: ScanInputs, group: str, rule: MatchRule) -> tuple[int, Matcher]:
    """How many phrases a group has, and their matcher: made once for all units of a process."""
    phrases = TimelineFolder.open(inputs.timeline).group(group)
    return len(phrases), matcher(inputs.engine, phrases, rule, phrase_normaliser(_run(inputs)[2]))


@lru_cache(maxsize=1)
def _token_sizes(inputs: ScanInputs) -> TokenSizes | None:
    tokenizer = _run(inputs)[2]
    return None if tokenizer is None else token_sizes(tokenizer)
