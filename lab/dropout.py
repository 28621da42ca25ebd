"""Random numbers of dropout: drawn anew for every training step, so a run that goes on draws what it would have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from lab.settings import TrainingSettings


@contextmanager
def seeded_dropout(settings: TrainingSettings, step: int, device: torch.device) -> Iterator[None]:
    """What is dropped in training step `step` depends on `init_seed` and the step, and on no step before it.

    The passes of a step draw one after the other, so `micro_batch` decides it too; so does the kind of device. Random
    states outside are left as they were. Without dropout nothing is drawn, and nothing done.
    """
    if not settings.attention_dropout:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(_seed(settings.init_seed, step))
        yield


def _seed(init_seed: int, step: int) -> int:
    """63 bits, so that torch takes it as it is."""
    return int(np.random.SeedSequence([init_seed, step]).generate_state(1, np.uint64)[0] >> 1)
