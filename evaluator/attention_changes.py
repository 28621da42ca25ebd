"""What attention gained between two checkpoints, from what evaluations store pair by pair: no model, no torch.

Which checkpoints are compared depends on when accuracy rises, so this is made with a report, not with the measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa

from evaluator.folder import EvaluationFolder
from evaluator.lemma_weights import ResamplingUnits
from evaluator.measured_file import Measured, measured_path, read_items, read_measured
from evaluator.measurement_table import table_of
from evaluator.measures.attention.attention_change import attention_change
from evaluator.measures.attention.attention_items import weights_of
from evaluator.measures.attention.attention_measurements import Group, rows_of_concentration, rows_of_selection
from evaluator.measures.attention.attention_to_context import AttentionSpec, AttentionWeights
from evaluator.measures.attention.concentration_null import concentration_test
from evaluator.measures.attention.head_selection import select_heads, selected_by_both
from evaluator.measures.attention.resampled_means import HeadBootstrap
from evaluator.scored import PairTable
from exposure.measurement import Measurement

MEASURE = "attention"
EVERYTHING = "everything"

Steps = tuple[int, int]
"""Before and after."""

SpanOf = Callable[[Sequence[int], str], Steps]
"""Which of the measured steps (rising) of a paradigm are compared."""


def attention_changes(folder: EvaluationFolder, span_of: SpanOf, uids: Sequence[str] = ()) -> pa.Table:
    """Rows of the long table, at the later step: concentration of the gain, and the heads that are chosen.

    Of all paradigms with weights at both steps, or of `uids`. Several specs are told apart by their convention. Raises
    EvaluationError where what is stored is damaged.
    """
    pairs = folder.pairs
    rows = [row for paths in _stored(folder).values() for row in _of_spec(paths, pairs, span_of, uids)]
    return table_of(rows)


def _stored(folder: EvaluationFolder) -> dict[str, dict[int, Path]]:
    """MEASURE/SPEC → step → file of the rows."""
    found: dict[str, dict[int, Path]] = {}
    for record in folder.checkpoints:
        if record.status == "scored" and record.weights_sha256 is not None:
            for name in record.measured:
                if name.partition("/")[0] == MEASURE:
                    path = measured_path(folder.path, name, record.weights_sha256)
                    found.setdefault(name, {})[record.step] = path
    return found


def _of_spec(
    paths: Mapping[int, Path], pairs: PairTable, span_of: SpanOf, uids: Sequence[str]
) -> Iterator[Measurement]:
    steps = sorted(paths)
    first = read_measured(paths[steps[0]])
    if first.items_sha256 is None:  # no pair's words are known, whatever the checkpoint
        return
    convention, spec = _convention(first)
    items = cache(lambda step: read_items(paths[step]))
    for uid, places in pairs.places_of.items():
        before, after = span_of(steps, uid)
        if before >= after or (uids and uid not in uids):
            continue
        one, other = (weights_of(items(step), places, spec) for step in (before, after))
        if one.is_known.any() and other.is_known.any():
            phenomenon = pairs.phenomenon[int(places[0])] or None
            group = Group(after, "paradigm", uid, phenomenon, EVERYTHING)
            since = f"{convention}; from step {before} to {after}"
            yield from change_rows(one, other, pairs.take(places), group, since)


def change_rows(
    before: AttentionWeights, after: AttentionWeights, pairs: PairTable, group: Group, convention: str
) -> list[Measurement]:
    """Of the pairs of one paradigm, in the order of the weights."""
    units = ResamplingUnits.of(pairs)
    context = units.context_clusters if "context" in units.resampled else None
    change = attention_change(before, after)
    test = concentration_test(change, HeadBootstrap.draw(units))
    selection = selected_by_both(
        select_heads(change.contrast, units.clusters, context),
        select_heads(after.weight - after.control, units.clusters, context),
    )
    return [*rows_of_concentration(test, group, convention), *rows_of_selection(selection, group, convention)]


def _convention(measured: Measured) -> tuple[str, AttentionSpec]:
    """What the stored rows say of themselves, and how attention was read."""
    spec = measured.made_of["spec"]
    first = measured.table["convention"][0].as_py() if len(measured.table) else ""
    return str(first), AttentionSpec(spec["side"], spec["tokens"], spec["control"])
