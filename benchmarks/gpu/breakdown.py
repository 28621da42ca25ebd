"""Where the time of a scoring pass goes: by part of the model on the device's stream, and whether the device waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.profiler import ProfilerActivity, profile
from transformers import PreTrainedModel

from benchmarks.gpu.bench import Bench
from benchmarks.gpu.clock import Stopwatch, seconds
from evaluator.memory import TokenBudget
from evaluator.paths import PATHS
from evaluator.tokenised_pairs import TokenisedPairs

BASE = "base model"
PARTS = {"Attention": "attention", "MLP": "feed-forward", "Embedding": "embedding"}
"""End of a module's class → the part that its time counts for."""

BATCHES = 8
"""So many batches are looked at by the profiler, which slows them."""

KERNELS = 8


def parts_of_a_pass(bench: Bench, model: PreTrainedModel, tokenised: TokenisedPairs) -> dict[str, Any]:
    """Seconds on the stream by part, of a pass by tries; and of a shorter one, how long the device was at work."""

    def run() -> None:
        with torch.inference_mode():
            PATHS[0].token_log_probs(model, tokenised, TokenBudget.default(bench.device))

    run()
    watch = Stopwatch(bench.device)
    with _watched(model, watch):
        whole = seconds(bench, run)
    parts = watch.totals()
    base = parts.pop(BASE)
    return {
        "pass_s": whole,
        "parts_s": {
            **parts,
            "norms and the rest": base - sum(parts.values()),
            "unembedding, log-softmax and host": whole - base,
        },
        "profiled": _profiled(bench, model, tokenised),
    }


@contextmanager
def _watched(model: PreTrainedModel, watch: Stopwatch) -> Iterator[None]:
    """Marks around the base model and its parts."""
    handles = []
    for module in model.base_model.modules():
        part = BASE if module is model.base_model else _part(module)
        if part is not None:
            handles.append(module.register_forward_pre_hook(lambda *_, part=part: watch.begin(part)))
            handles.append(module.register_forward_hook(lambda *_, part=part: watch.end(part)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _part(module: torch.nn.Module) -> str | None:
    name = type(module).__name__
    return next((part for end, part in PARTS.items() if name.endswith(end) and "Rotary" not in name), None)


def _profiled(bench: Bench, model: PreTrainedModel, tokenised: TokenisedPairs) -> dict[str, Any]:
    """Of a few batches: the share of the time in which a kernel ran, and the kernels that took longest."""
    group = tokenised.packed.groups[0]
    rows = max(1, TokenBudget.default(bench.device).tokens // group.width)
    parts = [group.part(first, first + rows) for first in range(0, min(len(group), BATCHES * rows), rows)]
    is_cuda = bench.device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if is_cuda else [])]
    with torch.inference_mode():
        forward = PATHS[0].forward(model)

        def run() -> None:
            for part in parts:
                forward(part)

        unprofiled = seconds(bench, run)
        with profile(activities=activities) as profiler:
            run()
            bench.wait()
    busy = _kernels(profiler, is_cuda)
    total = sum(busy.values())
    longest = sorted(busy.items(), key=lambda item: -item[1])[:KERNELS]
    return {
        "batches": len(parts),
        "seconds": unprofiled,
        "kernel_s": total,
        "share_at_work": total / unprofiled,
        "longest": {name[:80]: taken / total for name, taken in longest},
    }


def _kernels(profiler: profile, is_cuda: bool) -> dict[str, float]:
    """Seconds by kernel on a GPU, by operator on a CPU."""
    found: dict[str, float] = {}
    for event in profiler.key_averages():
        if is_cuda and event.device_type == DeviceType.CUDA and not event.is_user_annotation:
            found[event.key] = found.get(event.key, 0.0) + event.self_device_time_total / 1e6
        elif not is_cuda:
            found[event.key] = found.get(event.key, 0.0) + event.self_cpu_time_total / 1e6
    return found
