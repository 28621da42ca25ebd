"""One renderer for every answer on the shell: an aligned table for people; jsonl, csv and parquet for machines."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exposure.artefacts import atomic_write
from exposure.errors import UsageError
from exposure.row_encoding import Row, csv, csv_header, ndjson, utf8

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "jsonl", "csv", "parquet")


def emit(
    rows: Sequence[Row], columns: Sequence[str], format: str, out: str | None = None, schema: pa.Schema | None = None
) -> None:
    """Write `rows` in `format` (one of FORMATS) to the file `out`, or to standard output.

    Every row has every column; None is shown as "–" in tables, as an empty field in csv, as null elsewhere. With a
    `schema` the types of Parquet do not depend on which values happen to be there.
    """
    if format == "parquet":
        if out is None:
            raise UsageError("Parquet is written to a named file, not to standard output. Give --out FILE.")
        with atomic_write(Path(out)) as partial:
            _write_parquet(rows, columns, partial, schema)
        return
    text = utf8(_TEXT[format](rows, columns)).decode()
    if out is None:
        sys.stdout.write(text)
        return
    with atomic_write(Path(out)) as partial:
        partial.write_text(text, encoding="utf-8")


def table(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Columns padded to the widest cell, numbers to the right, as people read them."""
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max(map(_width, [column, *(line[i] for line in cells)])) for i, column in enumerate(columns)]
    right = [_is_numeric([row[column] for row in rows]) for column in columns]
    lines = [_line(columns, widths, right), _line(["─" * width for width in widths], widths, right)]
    lines += [_line(line, widths, right) for line in cells]
    return "".join(line.rstrip() + "\n" for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = []
    for cell, width, is_right in zip(cells, widths, right, strict=True):
        fill = " " * (width - _width(cell))
        padded.append(fill + cell if is_right else cell + fill)
    return "  ".join(padded)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value)) or "–"
    return printable(str(value))


def printable(text: str) -> str:
    """Control and formatting characters escaped, so that no corpus text can move the cursor or hide what follows."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else ascii(c)[1:-1] for c in text)


def _width(text: str) -> int:
    """Columns that a terminal gives `text`: two for wide East Asian characters, none for combining marks."""
    # Not unicodedata.combining(): many marks that combine (Thai vowels, variation selectors) have class 0.
    marks = ("Mn", "Me")
    return sum(
        0 if unicodedata.category(c) in marks else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _is_numeric(values: Sequence[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _write_parquet(rows: Sequence[Row], columns: Sequence[str], path: Path, schema: pa.Schema | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = pa.table({column: [row[column] for row in rows] for column in columns}, schema=schema)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        raise UsageError(f"Parquet cannot hold this answer ({error}). Ask for --format jsonl.") from error
    pq.write_table(content, path)


def _whole_csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    return csv_header(columns) + csv(rows, columns)


_TEXT: dict[str, Callable[[Sequence[Row], Sequence[str]], str]] = {"table": table, "jsonl": ndjson, "csv": _whole_csv}
