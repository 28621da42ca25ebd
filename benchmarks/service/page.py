"""What came out, as tables: on the terminal, and as docs/service-benchmarks.md."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np

from benchmarks.layout import Table, markdown
from benchmarks.machine import machine
from benchmarks.service.asking import CLIENTS, TURN_SECONDS, Milliseconds
from benchmarks.service.measuring import BULK, FIRST_SEEN, HISTORY, NO_OP, Measured
from exposure.encoding import ARROW
from exposure.tables import table as aligned

PAGE = Path(__file__).parents[2] / "docs" / "service-benchmarks.md"
BAR_OF = {FIRST_SEEN: 6.0, HISTORY: 10.0}
BULK_BAR = 3.0
STALL_BAR = 25.0
PARTS = 5


def terminal(found: Measured) -> str:
    """All tables, aligned."""
    return "\n".join(f"{one.title}\n\n{aligned(one.rows, one.columns)}" for one in _tables(found))


def page(found: Measured) -> str:
    """The whole of docs/service-benchmarks.md."""
    plan = found.plan
    head = (
        "# The service, measured\n\nWritten by `python -m benchmarks.service_latency --write` from one run; do not "
        "edit. Machines differ and are noisy: every bar is a ratio of two sides that ran in turn in this run, but the "
        "stall.\n\n"
        f"* {datetime.date.today()}, {machine()}; load average {found.load:.1f} before anything was measured\n"
        f"* a timeline of {plan.phrases:,} phrases with 50 rows of counts each, served by `exposure serve`; in "
        f"another process a timeline of {plan.published:,} phrases was published {found.published} times meanwhile\n"
        f"* questions by key: {CLIENTS} processes, each with one connection, asking one after the other for "
        f"{plan.seconds:g} s, each kind for {TURN_SECONDS} s in its turn; random phrases; history at 155 checkpoints. "
        f"The ratio is that of all answers; *low – high* are its extremes in {PARTS} parts of the time\n"
        f"* bulk: {BULK:,} phrases in one request, {plan.bulk} times a form. The bare joins are DuckDB alone, in "
        "process, with the same limits and the columns of the answer, out as Arrow; in turn with the requests\n"
        "* stall: how long requests that need nothing took while bulk requests were answered one after the other\n"
    )
    return head + "".join(f"\n## {one.title}\n\n{markdown(one)}" for one in _tables(found))


def _tables(found: Measured) -> list[Table]:
    return [_points(found), _bulk(found)]


def _points(found: Measured) -> Table:
    columns = ("question", "asked", "p50 ms", "p99 ms", "p99 / no-op p99", "low – high", "wanted", "verdict")
    rows: list[dict[str, object]] = []
    noop, seconds = found.points[NO_OP], found.plan.seconds
    for kind, asked in found.points.items():
        parts = zip(asked.parts(PARTS, seconds), noop.parts(PARTS, seconds), strict=True)
        ratios = [_p(one, 99) / _p(base, 99) for one, base in parts]
        ratio, bar = _p(asked.took, 99) / _p(noop.took, 99), BAR_OF.get(kind)
        rows.append(
            {
                "question": kind,
                "asked": len(asked.took),
                "p50 ms": _ms(_p(asked.took, 50)),
                "p99 ms": _ms(_p(asked.took, 99)),
                "p99 / no-op p99": f"{ratio:.1f}",
                "low – high": f"{min(ratios):.1f} – {max(ratios):.1f}",
                "wanted": None if bar is None else f"≤ {bar:g}",
                "verdict": None if bar is None else _verdict(ratio, bar),
            }
        )
    return Table("Questions by key, while a timeline is published", columns, rows)


def _bulk(found: Measured) -> Table:
    columns = ("side", "p50 ms", "p90 ms", "/ join by id", "verdict", "MB", "no-op p50", "no-op p99", "no-op max",
               "stall")  # fmt: skip
    by_id = float(np.median(found.join_by_id))
    rows = [
        _side("DuckDB, join by id", found.join_by_id, by_id),
        _side("DuckDB, join by text", found.join_by_text, by_id),
    ]
    for form, took in found.bulk.items():
        row, stalls = _side(form, took, by_id), found.stalls[form]
        if form.endswith(ARROW):
            row["verdict"] = _verdict(float(np.median(took)) / by_id, BULK_BAR)
        row |= {"MB": f"{found.megabytes[form]:.1f}"} | _stall(stalls)
        rows.append(row)
    rows.append(dict.fromkeys(columns) | {"side": "(nothing asked in bulk)"} | _stall(found.quiet))
    return Table(f"{BULK:,} phrases at once, while a timeline is published", columns, rows)


def _side(side: str, took: list[float], by_id: float) -> dict[str, object]:
    return {
        "side": side,
        "p50 ms": _ms(float(np.median(took))),
        "p90 ms": _ms(float(np.percentile(took, 90))),
        "/ join by id": f"{float(np.median(took)) / by_id:.1f}",
        **dict.fromkeys(("verdict", "MB", "no-op p50", "no-op p99", "no-op max", "stall")),
    }


def _stall(pinged: Milliseconds) -> dict[str, object]:
    return {
        "no-op p50": _ms(_p(pinged, 50)),
        "no-op p99": _ms(_p(pinged, 99)),
        "no-op max": _ms(float(pinged.max())),
        "stall": _verdict(_p(pinged, 99), STALL_BAR),
    }


def _verdict(value: float, bar: float) -> str:
    return "met" if value <= bar else f"short by {value / bar - 1:.0%}"


def _p(took: Milliseconds, percent: float) -> float:
    return float(np.percentile(took, percent))


def _ms(value: float) -> str:
    return f"{value:.1f}"
