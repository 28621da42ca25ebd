"""Where a model runs, in which dtype, and how to get the same numbers twice."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils import deterministic

from exposure.errors import EvaluationError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def device_of(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:1` stands for; EvaluationError where it is not there."""
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    match = re.fullmatch(r"(?:auto|cuda(?::(\d+))?)", name)
    if match is None:
        raise EvaluationError(f"The device {name!r} is not known. Give auto, cpu, cuda, or a numbered one like cuda:1.")
    if not torch.cuda.is_available():
        raise EvaluationError(
            f"{name} was asked for, and PyTorch {torch.__version__} finds no CUDA device here. Install a build of "
            "PyTorch with CUDA and a driver that fits it, or ask for the device cpu."
        )
    index, count = int(match[1] or 0), torch.cuda.device_count()
    if index >= count:
        raise EvaluationError(f"{name} was asked for, and there are {count} CUDA devices, counted from 0.")
    return torch.device("cuda", index)


def dtype_of(name: str, device: torch.device) -> torch.dtype:
    """The dtype that `auto`, `float32`, `bfloat16` or `float16` stands for: auto is bfloat16 on cuda, else float32."""
    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    if name not in DTYPES:
        raise EvaluationError(f"The dtype {name!r} is not known. Give auto, {', '.join(DTYPES)}.")
    return DTYPES[name]


def dtype_name(dtype: torch.dtype) -> str:
    """`float32`, as ScoringSpec writes it."""
    return str(dtype).removeprefix("torch.")


@contextmanager
def reproducible(threads: int | None = None, seed: int = 0) -> Iterator[None]:
    """Inside, the same model, texts and device give the same bits; what was set before is set again afterwards.

    Deterministic algorithms wherever there are any, fp32 products in fp32 (no TF32), a seed, and `threads` threads on
    the CPU (as many as PyTorch chooses, where None). A GPU reads its workspace setting once: enter before it is used.
    """
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
        torch.get_float32_matmul_precision(),
        torch.get_num_threads(),
    )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_float32_matmul_precision("highest")
    torch.set_num_threads(threads or before[-1])
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        deterministic.fill_uninitialized_memory = before[2]  # type: ignore[attr-defined]
        torch.set_float32_matmul_precision(before[3])
        torch.set_num_threads(before[4])
