"""How fast the service answers, 8 clients asking at once, while a timeline is published: `python -m
benchmarks.service_latency --work DIR [--phrases 1000000] [--write]`.

The timelines are made once and kept in DIR (a million phrases take about three minutes and 1.3 GB). Every bar is a
ratio of two sides that ran in turn in this run, but the stall, which is in milliseconds.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks.service.measuring import Plan, measure
from benchmarks.service.page import PAGE, page, terminal


def main() -> None:
    """Measure, print, and write the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    parser.add_argument("--work", type=Path, default=caches / "exposure" / "service-benchmarks", metavar="DIR")
    parser.add_argument("--phrases", type=int, default=1_000_000)
    parser.add_argument("--published", type=int, default=100_000, help="phrases of the timeline that is published")
    parser.add_argument("--seconds", type=float, default=90.0, help="of questions by key, all kinds together")
    parser.add_argument("--bulk", type=int, default=20, help="bulk look-ups of each form")
    parser.add_argument("--write", action="store_true", help="write docs/service-benchmarks.md")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    plan = Plan(asked.work, asked.phrases, asked.published, asked.seconds, asked.bulk)
    found = measure(plan)
    print(terminal(found))
    if asked.write:
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
