"""Figures that were had, kept in one JSON file: only a later one of the same name takes the place of an earlier one."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers

from exposure.artefacts import atomic_write

FORMAT = "exposure.gpu-results"
FILE_NAME = "gpu_results.json"


@dataclass(frozen=True)
class Measured:
    """One measurement. `key` digests the code and the settings that it is of; `values` are its figures so far."""

    name: str
    key: str
    device: str
    is_small: bool
    is_complete: bool
    settings: Mapping[str, Any]
    values: Mapping[str, Any]
    seconds: float
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d"))
    versions: Mapping[str, str] = field(default_factory=lambda: library_versions())

    @property
    def slot(self) -> tuple[str, str, bool]:
        """What it takes the place of: an earlier one of the same name, on the same kind of device."""
        return self.name, self.device, self.is_small


class Results:
    """The figures in `paths`, which are all written whenever one is added; the first is read."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self.measured = {one.slot: one for one in _read(paths[0])}

    def keep(self, one: Measured) -> None:
        """Add a measurement, and write all files at once.

        One that is not complete never takes the place of a complete one.
        """
        earlier = self.measured.get(one.slot)
        if earlier is not None and earlier.is_complete and not one.is_complete:
            return
        self.measured[one.slot] = one
        ordered = sorted(self.measured.values(), key=lambda one: one.slot)
        document = {"format": FORMAT, "measured": [asdict(one) for one in ordered]}
        for path in self._paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as partial:
                partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read(path: Path) -> list[Measured]:
    if not path.exists():
        return []
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("format") != FORMAT:
        raise ValueError(f"{path} does not hold measurements ({FORMAT}). Give another file to --results.")
    return [Measured(**one) for one in document["measured"]]


def library_versions() -> dict[str, str]:
    """Of what computes."""
    return {"Python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__}


def device_name(device: torch.device) -> str:
    """ "NVIDIA H200", or "cpu"."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
