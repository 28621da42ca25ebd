"""Matchers alone: text in memory, nothing read, nothing written; counts and first places at word boundaries."""

from __future__ import annotations

from benchmarks.phrase_lists import SIZES
from benchmarks.tasks import Task

ROWS = (
    ("exposure", Task("exposure matcher", ""), ("1k", "10k", "100k", "1M")),
    ("exposure, Aho-Corasick engine", Task("exposure matcher", "", variant="aho-corasick"), ("1k", "10k", "100k")),
    ("pyahocorasick, naive loop", Task("pyahocorasick", ""), ("1k", "10k", "100k", "1M")),
    ("ahocorasick_rs, contiguous NFA", Task("ahocorasick_rs", "", variant="nfa"), ("1k", "10k", "100k", "1M")),
    ("ahocorasick_rs, DFA", Task("ahocorasick_rs", "", variant="dfa"), ("1k", "10k", "100k")),
    ("daachorse, bytes", Task("daachorse", ""), ("1k", "10k", "100k", "1M")),
    ("daachorse, matches listed only", Task("daachorse", "", variant="only"), ("1k", "10k", "100k")),
    ("hyperscan, literals", Task("hyperscan", "", variant="literal"), ("1k", "10k", "100k")),
    ("hyperscan, callback empty", Task("hyperscan", "", variant="literal only"), ("1k", "10k", "100k")),
    ("hyperscan, \\b regex", Task("hyperscan", "", variant="regex"), ("1k",)),
)
"""(name, task without corpus and list, lists). Left out: a DFA of 1M phrases takes more than a minute and 7 GB, so does
hyperscan's database; its regexes take 17 s at 10k and are slower than its literals."""


def matcher_tasks(lists: list[str]) -> dict[tuple[str, str], Task]:
    """(name, list) → task without corpus, list by list, so that those compared run near each other."""
    return {
        (name, one): Task(task.side, "", one, task.kind, task.variant, task.cpus)
        for one in SIZES
        if one in lists
        for name, task, its_lists in ROWS
        if one in its_lists
    }
