"""Seconds of work on a device, whole or by part."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from benchmarks.gpu.bench import Bench


def seconds(bench: Bench, what: Callable[[], object]) -> float:
    """Of the clock, from an idle device to an idle device."""
    bench.wait()
    started = time.perf_counter()
    what()
    bench.wait()
    return time.perf_counter() - started


def timed(bench: Bench, what: Callable[[], object], repeats: int, warm_ups: int = 1) -> dict[str, Any]:
    """The median of `repeats` timings after `warm_ups`, with the extremes; one where time runs out, or all is small."""
    repeats = 1 if bench.inputs.is_small else repeats
    for _ in range(warm_ups):
        what()
    taken: list[float] = []
    while len(taken) < repeats and (not taken or bench.left > 2 * taken[-1]):
        taken.append(seconds(bench, what))
    return {"seconds": median(taken), "low": min(taken), "high": max(taken), "times": len(taken)}


class Stopwatch:
    """Time between marks on the device, by name: of its stream on a GPU, of the clock on a CPU."""

    def __init__(self, device: torch.device) -> None:
        self._is_cuda = device.type == "cuda"
        self._open: dict[str, list[Any]] = defaultdict(list)
        self._spans: dict[str, list[tuple[Any, Any]]] = defaultdict(list)

    def begin(self, name: str) -> None:
        """A part begins; parts of one name may stand inside each other."""
        self._open[name].append(self._mark())

    def end(self, name: str) -> None:
        """The part that began last under that name ends."""
        self._spans[name].append((self._open[name].pop(), self._mark()))

    def totals(self) -> dict[str, float]:
        """Seconds by name; the device must be idle."""
        return {name: sum(self._between(*span) for span in spans) for name, spans in self._spans.items()}

    def _mark(self) -> Any:
        if not self._is_cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    def _between(self, first: Any, last: Any) -> float:
        return float(first.elapsed_time(last)) / 1000 if self._is_cuda else float(last - first)
