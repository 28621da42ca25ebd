"""The tables behind the bars: matchers alone, setups, phrase lists, agreement, steps."""

from __future__ import annotations

from statistics import median

from benchmarks.layout import Table, name_of
from benchmarks.matchers import matcher_tasks
from benchmarks.phrase_lists import SIZES
from benchmarks.results import Results
from benchmarks.rounds import Timings
from benchmarks.stages import ROWS as STAGE_ROWS
from benchmarks.tasks import Task

STAGES_NOTE = (
    "CPU time of `scan_unit` on one core, each step's own (`benchmarks/stages.py`). Hashes, filters and the walk are "
    "one compiled loop, parted by stopping it early."
)


def matchers(results: Results) -> Table:
    """MB/s of each matcher and list."""
    tasks = matcher_tasks(list(SIZES))
    columns = ("matcher alone, MB/s", *SIZES)
    rows: list[dict[str, object]] = []
    for name in dict.fromkeys(name for name, _ in tasks):
        rates = {one: _rate_or_reason(tasks.get((name, one)), results.timings) for one in SIZES}
        rows.append({columns[0]: name, **rates})
    return Table("Matchers alone", columns, rows if "matchers" in results.parts else [])


def _rate_or_reason(task: Task | None, timings: Timings) -> object:
    if task is None:
        return None
    rate = timings.rate(task)
    return timings.failures.get(task) if rate is None else round(rate)


def setups(results: Results) -> Table:
    """What went before the clock, and the most memory, of whole scans."""
    columns = ("side", "phrases", "shard", "CPUs", "MB/s", "CPU share", "setup s", "peak MB")
    rows: list[dict[str, object]] = []
    for task, outcomes in results.timings.outcomes.items():
        if task in set(matcher_tasks(list(SIZES)).values()) or task.variant == "as-peers":
            continue
        values = (
            name_of(task),
            task.phrases or None,
            task.kind,
            task.cpus,
            round(results.timings.rate(task) or 0),
            f"{median(one.cpu_seconds / one.seconds for one in outcomes):.0%}",
            round(results.timings.setup(task) or 0, 1),
            round(max(one.peak_bytes for one in outcomes) / 1e6),
        )
        rows.append(dict(zip(columns, values, strict=True)))
    note = ""
    if results.compile_seconds is not None:
        note = f"The first scan on a machine compiles: its setup at 10k took {results.compile_seconds:.1f} s."
    return Table("Whole scans, and what went before the clock", columns, rows, note)


def lists(results: Results) -> Table:
    """How much of each phrase list occurs in the corpus."""
    columns = ("list", "phrases", "occur", "share", "matches", "matches per MB")
    rows: list[dict[str, object]] = []
    for name, size in SIZES.items():
        task = Task("exposure", "", name)
        for outcome in results.timings.outcomes.get(task, [])[:1]:
            found, matches = outcome.found or 0, outcome.matches or 0
            values = (name, size, found, f"{found / size:.0%}", matches, round(matches / outcome.text_bytes * 1e6))
            rows.append(dict(zip(columns, values, strict=True)))
    return Table("Phrase lists (letters folded)", columns, rows)


def agreements(results: Results) -> Table:
    """Whether sides that mean the same by a match found the same."""
    columns = ("side", "phrases", "matches", "ours", "not reported", "counts differ", "first places differ")
    rows: list[dict[str, object]] = []
    for one in sorted(results.agreements, key=lambda one: (one.side, SIZES[one.phrases])):
        missed = f"{one.missed:.1%}" if one.matches != one.our_matches else None
        values = (one.side, one.phrases, one.matches, one.our_matches, missed, one.counts_differ, one.places_differ)
        rows.append(dict(zip(columns, values, strict=True)))
    return Table("Did they find the same?", columns, rows)


def stages(results: Results) -> Table:
    """Milliseconds of CPU for a megabyte of text, step by step, and the share of each."""
    columns = ("step", *(f"{phrases}{what}" for phrases in results.stages for what in (", ms/MB", ", share")))
    rows: list[dict[str, object]] = []
    for step in (*STAGE_ROWS, "together") if results.stages else ():
        row: dict[str, object] = {"step": step}
        for phrases, spent in results.stages.items():
            total = sum(spent.values())
            took = total if step == "together" else spent[step]
            row |= {f"{phrases}, ms/MB": round(took, 2), f"{phrases}, share": f"{took / total:.0%}"}
        rows.append(row)
    return Table("Where the time goes", columns, rows, STAGES_NOTE)
