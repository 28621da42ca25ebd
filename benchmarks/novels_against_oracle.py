"""Nine ways of indexing real novels for all of BLiMP, each held against the slow oracle: every phrase, every figure.

    python benchmarks/novels_against_oracle.py --data ../shared/data --work FOLDER [--only NAME ...]

Compared for every phrase: count, first and last (batch, sequence, token, character, document), the first eight
exposures, and the count of every bucket. Prints a line for each configuration; exit status 1 when anything differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb

TESTS = Path(__file__).parent.parent / "tests"
ROWS = {"document-per-row": "document", "concatenate": "concatenate"}

DOCUMENTS = ("document-per-row", 256, 64, 20)
STREAM = ("concatenate", 2048, 16, 20)
OPTIONS = {
    "default": ([], []),
    "exact": (["--exact"], ["--case", "exact"]),
    "boundary-none": (["--boundary", "none"], ["--boundary", "none"]),
    "verbatim": (["--whitespace", "verbatim"], ["--whitespace", "verbatim"]),
}
CONFIGURATIONS = {
    **{f"documents-{name}": (DOCUMENTS, [], *options) for name, options in OPTIONS.items()},
    **{f"stream-{name}": (STREAM, [], *options) for name, options in OPTIONS.items()},
    "three-epochs": (
        ("concatenate", 256, 64, 100),
        ["--epochs", "3", "--shuffle-seed", "7", "--shuffle-from-epoch", "1"],
        [],
        [],
    ),
}


def main() -> None:
    """Run every configuration that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=CONFIGURATIONS, default=list(CONFIGURATIONS))
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    phrases = make_phrases(asked.data, asked.work)
    differences = sum(verify(name, asked.data, asked.work, phrases, asked.workers) for name in asked.only)
    sys.exit(1 if differences else 0)


def exposure(*arguments: object) -> None:
    """Run `exposure` and stop when it fails."""
    subprocess.run([sys.executable, "-m", "exposure", *map(str, arguments)], check=True)


def make_phrases(data: Path, work: Path) -> Path:
    """All of BLiMP's phrases, as a phrase file and as the oracle's list beside it."""
    phrases = work / "phrases.parquet"
    if not phrases.exists():
        exposure("phrases", data / "blimp", "-o", phrases)
    rows = duckdb.sql(
        f"SELECT DISTINCT phrase, coalesce(gap, 0), anchor IS NOT NULL FROM '{phrases}' WHERE phrase IS NOT NULL "
        "ORDER BY ALL"
    ).fetchall()
    lines = (json.dumps({"phrase": text, "gap": gap, "sentence_end": ends}) + "\n" for text, gap, ends in rows)
    phrases.with_suffix(".jsonl").write_text("".join(lines), encoding="utf-8")
    return phrases


def verify(name: str, data: Path, work: Path, phrases: Path, workers: int) -> int:
    """Index, ask the oracle, compare; returns the number of phrases that differ."""
    (packing, length, batch, every), order, options, oracle_options = CONFIGURATIONS[name]
    tokenizer = data / "tokenizers" / "gpt-neox-20b.json"
    run, timeline = work / f"{name}.json", work / name
    shape = ["--tokenizer", tokenizer, "--batch-sequences", batch, *order]
    exposure("run", "init", "--corpus", data / "novels" / "*.zst", "--packing", packing, "--sequence-length", length,
             "--checkpoint-every", every, "-o", run, *shape)  # fmt: skip
    started = time.monotonic()
    exposure("index", "--run", run, "--phrases", phrases, "--out", timeline, "--workers", workers, *options)
    indexed = time.monotonic() - started
    shards = [part for path in sorted((data / "novels").glob("*.zst")) for part in ("--shard", path)]
    found = work / f"{name}.oracle.jsonl"
    started = time.monotonic()
    if not found.exists():
        oracle = [TESTS / "oracle_main.py", *shards, "--packing", ROWS[packing], "--length", length, *shape,
                  *oracle_options, "--phrases", phrases.with_suffix(".jsonl"), "-o", found]  # fmt: skip
        subprocess.run([sys.executable, *map(str, oracle)], check=True)
    expected = [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()]
    differing = compare(timeline, expected)
    print(
        f"{name:24} phrases found {len(expected):6,}  exposures {sum(one['count'] for one in expected):10,}  "
        f"differing {len(differing):4}  indexed in {indexed:6.1f} s, oracle {time.monotonic() - started:7.1f} s",
        flush=True,
    )
    for ours, theirs in differing[:3]:
        print("   ours  ", ours, "\n   oracle", theirs, flush=True)
    return len(differing)


def compare(timeline: Path, expected: list[dict[str, object]]) -> list[tuple[object, object]]:
    """(ours, oracle's) of every phrase that differs in anything."""
    ours = facts_of(timeline)
    edges = ours.pop("edges")
    theirs = {(one["phrase"], one["gap"], one["sentence_end"]): as_facts(one, edges) for one in expected}
    keys = ours.keys() | theirs.keys()
    return [(ours.get(key), theirs.get(key)) for key in sorted(keys) if ours.get(key) != theirs.get(key)]


def as_facts(one: dict[str, object], edges: list[int]) -> dict[str, object]:
    """The oracle's answer in the form in which ours is compared."""
    buckets: Counter[int] = Counter()
    for batch, count in one["by_batch"].items():
        buckets[max(edge for edge in edges if edge <= int(batch))] += count
    return {
        **{name: one[name] for name in ("count", "first", "last", "first_k")},
        "buckets": dict(sorted(buckets.items())),
    }


def facts_of(timeline: Path) -> dict[object, object]:
    """(phrase, gap, sentence end) → figures, for every phrase that the timeline says was seen."""
    generation = timeline / "generations" / (timeline / "CURRENT").read_text().strip()
    with duckdb.connect(str(generation), read_only=True) as connection:
        place = "[{0}batch::VARCHAR, {0}sequence::VARCHAR, {0}token::VARCHAR, {0}offset::VARCHAR, {0}document]"
        rows = connection.sql(
            f"SELECT phrase_id, phrase, coalesce(gap, 0), sentence_end, count, {place.format('first_')}, "
            f"{place.format('last_')} "
            "FROM phrases WHERE count > 0"
        ).fetchall()
        kept: dict[int, list[object]] = {}
        for phrase, *fields in connection.sql(
            'SELECT phrase_id, batch, sequence, token, "offset", document FROM exposures ORDER BY phrase_id, rank'
        ).fetchall():
            kept.setdefault(phrase, []).append(fields)
        buckets: dict[int, dict[int, int]] = {}
        for phrase, start, count in connection.sql(
            "SELECT phrase_id, start_batch, count FROM counts ORDER BY ALL"
        ).fetchall():
            buckets.setdefault(phrase, {})[start] = count
        edges = [edge for (edge,) in connection.sql("SELECT start_batch FROM buckets").fetchall()]
    facts: dict[object, object] = {
        (text, gap, ends): {
            "count": count,
            "first": [*map(int, first[:4]), first[4]],
            "last": [*map(int, last[:4]), last[4]],
            "first_k": kept[phrase],
            "buckets": buckets[phrase],
        }
        for phrase, text, gap, ends, count, first, last in rows
    }
    return {**facts, "edges": edges}


if __name__ == "__main__":
    main()
