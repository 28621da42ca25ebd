"""Nothing is torn, lost or done twice, whatever is killed: seeded `kill -9` of every command and of a service at work.

    python -m benchmarks.service_kills --kills 500 --seed 1 [--lanes 2] [--only index,publish,service …]

Half of the kills are of commands of the shell, at a write (before or after it) or a moment that the seed draws, each in
a fork that has everything imported; the other half of a service, its workers and their children while a client asks.
After each, an oracle looks at everything that had been said to be done. A seed replays a lane of commands as it was; of
a service it replays what is asked and what is killed, not the microsecond.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from random import Random

from benchmarks.kills import commands
from benchmarks.kills.inputs import Inputs, make_inputs
from benchmarks.kills.service import VICTIMS, kill_service

Result = tuple[int, dict[str, int], list[str]]
"""Seed of the lane, kills of each kind, problems."""


def kill_commands(inputs: Inputs, folder: Path, seed: int, kills: int, only: tuple[str, ...]) -> Result:
    """One lane of commands, until so many were killed or something was wrong."""
    import evaluator.commands.evaluate  # noqa: F401  imported once, so that forks have it
    import indexer.run  # noqa: F401

    lane = commands.Lane(inputs, folder, Random(seed), only)
    while sum(lane.kills.values()) < kills and not lane.problems:
        lane.step()
    if not lane.problems:
        commands.finish(lane)
    return seed, lane.kills, [f"seed {seed}, kill {sum(lane.kills.values())}: {one}" for one in lane.problems]


def lane(inputs: Inputs, folder: Path, seed: int, kills: int, only: tuple[str, ...]) -> Result:
    """One lane: of commands, or of a service where `only` names something of one."""
    folder.mkdir(parents=True)
    try:
        if set(only) & set(VICTIMS):
            return kill_service(inputs, folder, seed, kills, tuple(one for one in only if one in VICTIMS))
        return kill_commands(inputs, folder, seed, kills, only)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Print what was killed, and what was wrong; exit status 1 where anything was."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--only", default=",".join((*commands.NAMES, *VICTIMS)))
    asked = parser.parse_args()
    only = tuple(asked.only.split(","))
    parts = [tuple(one for one in only if one in names) for names in (commands.NAMES, VICTIMS)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="exposure-kills-") as made:
        folder = Path(made)
        inputs = make_inputs(folder / "inputs", {"evaluate", "evaluation"} & set(only) != set())
        work = [part for part in parts if part]
        each = -(-asked.kills // (asked.lanes * len(work)))
        given = [
            (inputs, folder / f"{kind}-{number}", asked.seed * 1000 + kind * 100 + number, each, part)
            for kind, part in enumerate(work)
            for number in range(asked.lanes)
        ]
        with get_context("spawn").Pool(asked.lanes) as pool:
            results = pool.starmap(lane, given, chunksize=1)
    return _report(results, time.monotonic() - began)


def _report(results: list[Result], seconds: float) -> int:
    kills: Counter[str] = Counter()
    problems = []
    for seed, killed, wrong in results:
        kills.update(killed)
        problems += wrong
        print(f"lane of seed {seed}: {sum(killed.values())} kills, {len(wrong)} problems")
    print(f"{sum(kills.values())} kills in {seconds:.0f} s: {', '.join(f'{n} {k}' for k, n in kills.most_common())}")
    print("\n".join(problems) or "nothing torn, lost or done twice")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
