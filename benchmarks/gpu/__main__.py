"""`python -m benchmarks.gpu --budget SECONDS`: measurements that need a GPU, the most telling first.

What was measured before with the same code and settings is not measured again; every figure is written as soon as it
is there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.bench import Bench, NotHereError
from benchmarks.gpu.digests import ROOT
from benchmarks.gpu.inputs import BundleError, unpacked
from benchmarks.gpu.measurements import MEASUREMENTS, Measurement
from benchmarks.gpu.outstanding import outstanding
from benchmarks.gpu.page import render, write_page
from benchmarks.gpu.results import FILE_NAME, Measured, Results, device_name
from evaluator.devices import device_of
from exposure.errors import ExposureError

PAGE = ROOT / "docs" / "gpu.md"


def main() -> int:
    """Measure what is outstanding; 1 where something failed."""
    asked = _arguments()
    results = Results(asked.results, *([asked.out / FILE_NAME] if asked.out != asked.results.parent else []))
    if asked.write:
        write_page(PAGE, results)
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=asked.work) as work:
        try:
            inputs = unpacked(asked.bundle, Path(work) / "inputs")
            device = device_of(asked.device)
        except (BundleError, ExposureError) as error:
            sys.exit(str(error))
        bench = Bench(device, inputs, Path(work), asked.out, started + asked.budget)
        failed = measure_all([MEASUREMENTS[name] for name in asked.only], bench, results)
    sys.stdout.write(render(results))
    return 1 if failed else 0


def measure_all(asked: Sequence[Measurement], bench: Bench, results: Results) -> list[str]:
    """Make what is outstanding while there is time, and keep it; the names of what failed."""
    device, is_small, failed = device_name(bench.device), bench.inputs.is_small, []
    for one in outstanding(asked, results, device, is_small):
        if bench.left < (0 if is_small else one.least):
            _say(f"{one.name}: needs {one.least:.0f} s, {max(bench.left, 0):.0f} s are left")
            continue
        _say(f"{one.name}: {one.what}")
        try:
            _measure(one, bench, results)
        except NotHereError as error:
            _say(f"{one.name}: not made: {error}")
        except Exception:  # one measurement never ends the others
            traceback.print_exc()
            failed.append(one.name)
        bench.tidy()
    return failed


def _measure(one: Measurement, bench: Bench, results: Results) -> None:
    values: dict[str, Any] = {}
    key, started = one.key(bench.inputs.is_small), time.monotonic()

    def keep(more: Mapping[str, Any], is_complete: bool = False) -> None:
        values.update(more)
        settings = {**one.settings(bench.inputs.is_small), "bundle": bench.inputs.digest}
        taken = round(time.monotonic() - started, 1)
        device = device_name(bench.device)
        results.keep(Measured(one.name, key, device, bench.inputs.is_small, is_complete, settings, dict(values), taken))

    one.measure(bench, keep)
    keep({}, is_complete=bool(values.get("is_whole", True)))
    _say(f"{one.name}: {time.monotonic() - started:.0f} s")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument(
        "--budget", type=float, default=600, metavar="SECONDS", help="begin nothing after [%(default)s]"
    )
    parser.add_argument("--device", default="cuda", help="auto, cpu, cuda or cuda:1 [%(default)s]")
    parser.add_argument("--only", nargs="+", choices=list(MEASUREMENTS), default=list(MEASUREMENTS), metavar="NAME")
    parser.add_argument("--bundle", type=Path, default=Path(".gpu"), help="inputs [%(default)s]")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / FILE_NAME, help="read, and added to")
    parser.add_argument("--out", type=Path, default=Path("gpu-out"), help="folder for copies, and for scores of runs")
    parser.add_argument("--work", type=Path, help="folder for some 20 GB that are of no use afterwards")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/gpu.md, and measure nothing")
    parser.add_argument("--list", action="store_true", help="names and subjects")
    asked = parser.parse_args()
    if asked.list:
        sys.exit("\n".join(f"{one.name:14}{one.what}" for one in MEASUREMENTS.values()))
    return asked


if __name__ == "__main__":
    sys.exit(main())
