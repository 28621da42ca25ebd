"""The tables of several runs side by side: a line each. They are there where something is compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evaluator.compared.comparison import Comparison
from evaluator.report.compared.curve_rows import CurveRow, curve_rows
from evaluator.report.compared.exponent_rows import ExponentRow, exponent_rows
from evaluator.report.compared.layer_rows import LayerRow, layer_rows
from evaluator.report.compared.regularised_rows import RegularisedRow, regularised_rows
from evaluator.report.compared.run_rows import RunRow, run_rows

TABLES: dict[str, tuple[type, Callable[[Comparison], Sequence[Any]]]] = {
    "runs": (RunRow, run_rows),
    "copy_curves": (CurveRow, curve_rows),
    "exponents": (ExponentRow, exponent_rows),
    "regularised": (RegularisedRow, regularised_rows),
    "layer_order": (LayerRow, layer_rows),
}
"""Name of the files → dataclass of a row, and what makes the rows."""


def compared_tables(comparison: Comparison | None) -> list[tuple[str, type, Sequence[Any]]]:
    """Name, dataclass of a row and rows of each; nothing where nothing is compared."""
    if comparison is None:
        return []
    return [(name, kind, rows(comparison)) for name, (kind, rows) in TABLES.items()]


def remove_compared(folder: Path) -> None:
    """Remove the tables of a report on other runs, that one without a comparison would leave there."""
    for name in TABLES:
        for format_ in ("csv", "parquet"):
            (folder / f"{name}.{format_}").unlink(missing_ok=True)
