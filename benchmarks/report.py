"""The tables of a run, made of its results; this file holds those with verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.bars import BARS, NOT_BUILT_YET, Bar
from benchmarks.details import agreements, lists, matchers, setups, stages
from benchmarks.layout import Table, name_of
from benchmarks.memory import MOST_BYTES, MOST_GROWTH
from benchmarks.results import Results
from benchmarks.resume import WORKERS
from benchmarks.rounds import Timings


def tables(results: Results) -> list[Table]:
    """Every table that there is something to show in."""
    made = (
        bars(results),
        limits(results),
        matchers(results),
        setups(results),
        lists(results),
        agreements(results),
        stages(results),
    )
    return [table for table in made if table.rows]


def verdict(value: float, least: float | None) -> str:
    """Whether a ratio meets its bar."""
    return "" if least is None else "met" if value >= least else f"short by {1 - value / least:.0%}"


def bars(results: Results) -> Table:
    """Our speed and the peer's, and the median of the rounds' ratios."""
    columns = ("bar", "what", "ours MB/s", "peer", "peer MB/s", "ratio", "low – high", "wanted", "verdict")
    rows = [_bar_row(bar, results.timings) for bar in BARS if bar.name in results.parts]
    rows += [
        dict.fromkeys(columns) | {"bar": "–", "what": what, "wanted": wanted, "verdict": "not built yet"}
        for what, wanted in NOT_BUILT_YET
    ]
    return Table("Bars", columns, rows)


def _bar_row(bar: Bar, timings: Timings) -> dict[str, object]:
    rates = {peer: rate for peer in bar.peers if (rate := timings.rate(peer)) is not None}
    peer = max(rates, key=rates.__getitem__, default=bar.peers[0])
    ours, theirs = timings.rate(bar.ours), rates.get(peer)
    row: dict[str, object] = {
        "bar": bar.name,
        "what": bar.what,
        "ours MB/s": ours and round(ours),
        "peer": name_of(peer),
        "peer MB/s": theirs and round(theirs),
        "ratio": None,
        "low – high": None,
        "wanted": bar.least and f"≥ {bar.least}",
        "verdict": timings.failures.get(bar.ours) or timings.failures.get(peer, ""),
    }
    if ours is not None and theirs is not None:
        ratios = timings.ratios(bar.ours, peer)
        row["ratio"] = round(median(ratios), 2)
        row["low – high"] = f"{min(ratios):.2f} – {max(ratios):.2f}"
        row["verdict"] = verdict(median(ratios), bar.least)
    return row


def limits(results: Results) -> Table:
    """Memory, and work lost to kills."""
    rows = [*_memory_rows(results), *_resume_rows(results)]
    columns = ("what", "measured", "wanted", "verdict")
    return Table("Memory, and kill -9", columns, [dict(zip(columns, row, strict=True)) for row in rows])


def _memory_rows(results: Results) -> Iterator[tuple[str, str, str, str]]:
    found = results.memory
    if found is None:
        return
    scans = f"{found.large_bytes / 1e6:.0f} MB by one thread, {found.two_threads_bytes / 1e6:.0f} MB by two"
    yield (
        "peak memory of a scan, 100k phrases × 154 buckets",
        scans,
        f"≤ {MOST_BYTES / 1e6:.0f} MB",
        "met" if found.most_bytes <= MOST_BYTES else "short",
    )
    yield (
        "the same on four times the text",
        f"{found.small_bytes / 1e6:.0f} MB → {found.large_bytes / 1e6:.0f} MB, × {found.growth:.2f}",
        f"flat: ≤ × {MOST_GROWTH}",
        "met" if found.growth <= MOST_GROWTH else "short",
    )


def _resume_rows(results: Results) -> Iterator[tuple[str, str, str, str]]:
    found = results.resume
    if found is None:
        return
    kills = f"{found.kills} kills of {WORKERS} workers over {found.units} units"
    yield ("units scanned again that had finished", f"{found.scanned_twice}, {kills}", "0", _none(found.scanned_twice))
    yield (
        "units that a kill loses",
        f"{found.lost} in all, at most {found.most_lost} a worker",
        "≤ 1 a worker",
        _none(max(0, found.most_lost - 1)),
    )


def _none(count: int) -> str:
    return "met" if not count else "short"
