"""Where measurements are made, with what, and how long they may take."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.inputs import Inputs

DTYPE = "bfloat16"
"""Of everything that is timed, on any device."""

Keep = Callable[[Mapping[str, Any]], None]
"""Keeps the figures that a measurement has so far; those that are given later are added to them."""


class NotHereError(Exception):
    """A measurement cannot be made here; the message says why."""


@dataclass(frozen=True)
class Bench:
    """`work` is for files that are of no use afterwards, `out` for those that are; `until` is a time.monotonic()."""

    device: torch.device
    inputs: Inputs
    work: Path
    out: Path
    until: float

    @property
    def left(self) -> float:
        """Seconds."""
        return self.until - time.monotonic()

    def wait(self) -> None:
        """Until the device has done all that it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def tidy(self) -> None:
        """Give back the memory of models that are gone."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
