"""The bars, each with both of its sides: the figures of performance, as ratios within one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.phrase_lists import SIZES
from benchmarks.tasks import Task


@dataclass(frozen=True)
class Bar:
    """`ours` is at least `least` times as fast as the fastest of `peers`; None where nothing is demanded.

    Its tasks name no corpus yet.
    """

    name: str
    what: str
    ours: Task
    peers: tuple[Task, ...]
    least: float | None = None


def _ours(phrases: str, **options: Any) -> Task:
    return Task("exposure", "", phrases, **options)


def _loop(side: str, phrases: str) -> tuple[Task]:
    return (Task(side, "", phrases),)


NAIVE = "naive loop"
ORJSON = "pyahocorasick + orjson"
SLOW = (NAIVE, ORJSON, "grep")
FLOORS = (Task("floor", ""), Task("floor", "", variant="own reading"))

BARE_READ = (Task("pyarrow read", "", kind="parquet"),)

BARS = (
    Bar("zst-10k", "10k phrases, jsonl.zst, 1 core", _ours("10k"), _loop(NAIVE, "10k"), 8),
    Bar("two-cores", "10k phrases, one shard, 2 cores to 1", _ours("10k", cpus=2), _loop(NAIVE, "10k"), 14),
    Bar("zst-100k", "100k phrases, jsonl.zst, 1 core", _ours("100k"), _loop(ORJSON, "100k"), 8),
    Bar("zst-1M", "1M phrases, jsonl.zst, 1 core", _ours("1M"), _loop(ORJSON, "1M"), 10),
    Bar("floor", "10k, share of no matching at all", _ours("10k"), FLOORS, 0.5),
    Bar("parquet", "10k, parquet, share of a bare read", _ours("10k", kind="parquet"), BARE_READ, 0.35),
    Bar("folding", "10k, letters folded, to --exact", _ours("10k"), (_ours("10k", variant="exact"),), 0.9),
    Bar("orjson-10k", "10k phrases, jsonl.zst, 1 core", _ours("10k"), _loop(ORJSON, "10k")),
    Bar("grep-10k", "10k, 2 cores each", _ours("10k", cpus=2), (Task("grep", "", "10k", cpus=2),)),
    Bar("aho-corasick", "our other engine, 10k, 1 core", _ours("10k", variant="aho-corasick"), _loop(NAIVE, "10k")),
)  # fmt: skip

NOT_BUILT_YET = (
    ("token shards: detokenise + match + map to steps, 10k, against matching plain text", "≥ 0.75×"),
    ("Ray with 2 workers against the local pool with 2", "≥ 0.85×"),
)
"""(what, bar) of those that belong to parts of the software that do not exist yet."""


def tasks_of(bars: list[Bar]) -> list[Task]:
    """Every task of the bars once, in an order that keeps those compared near each other in time."""
    tasks = dict.fromkeys(task for bar in bars for task in (bar.ours, *bar.peers))
    return sorted(tasks, key=lambda task: (SIZES.get(task.phrases, SIZES["10k"]), task.side in SLOW))
