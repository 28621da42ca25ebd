"""The files of a report: rows as CSV and Parquet, and the page. Same report, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluator.report.accuracy_rows import AccuracyRow, accuracy_rows
from evaluator.report.build import Report
from evaluator.report.compared.tables import compared_tables, remove_compared
from evaluator.report.file_list import LIST, remove_list, write_list
from evaluator.report.inside.attention_rows import AttentionHeadRow, attention_head_rows
from evaluator.report.inside.concept_rows import ConceptRow, concept_rows
from evaluator.report.inside.formation_rows import FormationRow, formation_rows
from evaluator.report.lag_rows import LagRow, lag_rows
from evaluator.report.other_rows import CheckpointRow, FunnelLine, checkpoint_rows, funnel_lines, split_table
from evaluator.report.page import page
from evaluator.report.paradigm_rows import ParadigmRow, paradigm_rows
from evaluator.report.provenance import provenance_text
from evaluator.report.since_rows import SinceRow, since_rows
from evaluator.report.split_rows import SplitRow
from exposure.answer_schema import answer_schema
from exposure.artefacts import atomic_write
from exposure.errors import UsageError
from exposure.tables import emit

METADATA_KEY = b"exposure"
PAGE = "report.html"


def write_report(report: Report, folder: Path) -> list[str]:
    """Write every file of the report into `folder`, each whole or not at all, and their list; returns their names."""
    make_folder(folder)
    remove_list(folder)
    remove_compared(folder)
    written: list[str] = []
    metadata = {METADATA_KEY: provenance_text(report).encode()}
    for name, kind, rows, formats in _tables(report):
        schema = answer_schema(kind).with_metadata(metadata)
        plain = [asdict(row) for row in rows]
        for format_ in formats:
            emit(plain, schema.names, format_, str(folder / f"{name}.{format_}"), schema)
            written.append(f"{name}.{format_}")
    with atomic_write(folder / PAGE) as partial:
        partial.write_text(page(report), encoding="utf-8")
    write_list(folder, [*written, PAGE])
    return [*written, PAGE, LIST]


def _tables(report: Report) -> list[tuple[str, type, Sequence[Any], tuple[str, ...]]]:
    both = ("csv", "parquet")
    return [
        ("accuracy", AccuracyRow, accuracy_rows(report), both),
        ("lags", LagRow, lag_rows(report), both),
        ("paradigms", ParadigmRow, paradigm_rows(report), both),
        ("since_exposure", SinceRow, since_rows(report), both),
        ("concept_before_after", ConceptRow, concept_rows(report), both),
        ("attention_heads", AttentionHeadRow, attention_head_rows(report), both),
        ("formation", FormationRow, formation_rows(report), both),
        ("funnel", FunnelLine, funnel_lines(report), ("csv",)),
        ("splits", SplitRow, split_table(report), both),
        ("checkpoints", CheckpointRow, checkpoint_rows(report), ("csv",)),
        *((*one, both) for one in compared_tables(report.compared)),
    ]


def make_folder(folder: Path) -> None:
    """The folder of a report; raises UsageError where there cannot be one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be the folder of a report: {error.strerror}. Give another --out.") from error
