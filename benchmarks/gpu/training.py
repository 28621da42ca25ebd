"""Tokens a second of EXP's 60M in bf16 on real token rows, and what that is of the peak."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig

from benchmarks.gpu.arithmetic import Arithmetic, peak
from benchmarks.gpu.bench import Bench, Keep
from benchmarks.gpu.models import BriefRun, brief_checkpoint, brief_run, brief_settings
from lab.training_log import read_log


def settings(is_small: bool) -> dict[str, Any]:
    """What decides the figures beside the code."""
    return {**brief_settings(is_small), "peak_size": 512 if is_small else 8192}


def measure(bench: Bench, keep: Keep) -> None:
    """From the log of a brief run, once it is steady: between two steps after which the loop had waited for the device.

    Operations of the backward pass are counted as twice those of the forward pass.
    """
    log = {one.step: one for one in read_log(brief_run(bench))}
    first, last = log[BriefRun.of(bench.inputs.is_small).begun], log[max(log)]
    tokens, taken = last.tokens - first.tokens, last.seconds - first.seconds
    order = bench.inputs.order
    arithmetic = Arithmetic.of(AutoConfig.from_pretrained(brief_checkpoint(bench)))
    operations = arithmetic.of_training(tokens, order.sequence_length or 0)
    ceiling = peak(bench, settings(bench.inputs.is_small)["peak_size"])
    keep({
        "steps": last.step - first.step,
        "batch_tokens": order.batch_sequences * (order.sequence_length or 0),
        "tokens_s": tokens / taken,
        "step_s": taken / (last.step - first.step),
        "flop_s": operations / taken,
        "share_of_peak": operations / taken / ceiling,
        "loss": last.loss,
        "epoch_s": order.rows * (order.sequence_length or 0) * taken / tokens,
    })  # fmt: skip
