"""docs/gpu.md: the tables of what was measured, between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.gpu.results import Measured, Results

FIRST, LAST = "<!-- measured -->", "<!-- end of measured -->"
NOTHING = "Nothing: no GPU has been at hand.\n"


def write_page(path: Path, results: Results) -> None:
    """Put the tables of GPUs in the place of what stands between the marks; raises ValueError without them."""
    text = path.read_text(encoding="utf-8")
    before, first, rest = text.partition(FIRST)
    _, last, after = rest.partition(LAST)
    if not first or not last:
        raise ValueError(f"{path} lacks the marks {FIRST} and {LAST}.")
    path.write_text(f"{before}{first}\n\n{render(results)}\n{last}{after}", encoding="utf-8")


def render(results: Results) -> str:
    """A table a measurement, in Markdown; those on a CPU only where there are no others."""
    all_ = list(results.measured.values())
    chosen = [one for one in all_ if one.device != "cpu"]
    return "\n".join(map(_section, chosen)) if chosen else _only_cpu(all_)


def _only_cpu(measured: Iterable[Measured]) -> str:
    names = sorted(one.name for one in measured)
    return NOTHING if not names else f"{NOTHING}\nRun small on a CPU, to see that it runs: {', '.join(names)}.\n"


def _section(one: Measured) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in one.versions.items())
    state = "" if one.is_complete else ", unfinished"
    head = f"### {one.name}\n\n{one.device}, {versions}; {one.date}, {one.seconds:.0f} s{state}. "
    asked = "; ".join(f"{name}: {value}" for name, value in one.settings.items() if name != "bundle")
    rows = "".join(f"| {name} | {_number(value)} |\n" for name, value in _flat(one.values))
    return f"{head}{asked}.\n\n| figure | value |\n| --- | --- |\n{rows}"


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}: ")
        else:
            yield f"{prefix}{name}", value


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
