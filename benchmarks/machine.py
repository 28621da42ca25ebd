"""What the benchmarks ran on: for the reader, who has another machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "numba",
    "numpy",
    "pyarrow",
    "zstandard",
    "pyahocorasick",
    "msgspec",
    "orjson",
    "ahocorasick_rs",
    "daachorse",
    "hyperscan",
)


def machine() -> str:
    """Processor, CPUs that may be used, memory, system, in one line."""
    facts = dict(_facts("/proc/cpuinfo"))
    memory = int(dict(_facts("/proc/meminfo"))["MemTotal"].split()[0]) / 1e6
    cpus = len(os.sched_getaffinity(0))
    vectors = "AVX-512" if "avx512f" in facts.get("flags", "") else "AVX2" if "avx2" in facts.get("flags", "") else ""
    name = facts.get("model name", platform.machine())
    return f"{name} ({vectors or platform.machine()}), {cpus} CPUs, {memory:.0f} GB, {platform.system()}"


def library_versions() -> dict[str, str]:
    """Versions of Python and of all that takes part; "not installed" for a peer that is not there."""
    found = {"Python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def _facts(path: str) -> list[tuple[str, str]]:
    """The "name: value" lines of a file below /proc; the first of each name is last, so that it stays in a dict."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    pairs = [line.partition(":") for line in reversed(lines) if ":" in line]
    return [(name.strip(), value.strip()) for name, _, value in pairs]
