"""Where a model runs, in which dtype, and how to get the same numbers twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def device_of(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:1` stands for; EvaluationError where it is not there."""
    raise NotImplementedError


def dtype_of(name: str, device: torch.device) -> torch.dtype:
    """The dtype that `auto`, `float32`, `bfloat16` or `float16` stands for: auto is bfloat16 on cuda, else float32."""
    raise NotImplementedError


def dtype_name(dtype: torch.dtype) -> str:
    """`float32`, as ScoringSpec writes it."""
    return str(dtype).removeprefix("torch.")


@contextmanager
def reproducible(threads: int | None = None, seed: int = 0) -> Iterator[None]:
    """Inside, the same model, texts and device give the same bits; what was set before is set again afterwards."""
    raise NotImplementedError
