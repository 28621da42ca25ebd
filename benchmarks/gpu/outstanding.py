"""Which measurements are still to be had, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.gpu.measurements import Measurement
from benchmarks.gpu.results import Results


def outstanding(
    measurements: Iterable[Measurement], results: Results, device: str, is_small: bool
) -> Sequence[Measurement]:
    """Those that were never made on such a device, then unfinished ones, then those of other code or settings; in each
    group in order of value.
    """
    ranked = [(_rank(one, results, device, is_small), one) for one in measurements]
    return [one for rank, one in sorted(ranked, key=lambda pair: pair[0]) if rank < _DONE]


_DONE = 3


def _rank(one: Measurement, results: Results, device: str, is_small: bool) -> int:
    had = results.measured.get((one.name, device, is_small))
    if had is None:
        return 0
    if not had.is_complete:
        return 1
    return _DONE if had.key == one.key(is_small) else 2
