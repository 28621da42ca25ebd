"""CPU seconds that a model spends in forward passes, whoever asks for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from torch.nn import Module
from transformers import PreTrainedModel


@dataclass
class ForwardClock:
    """`seconds` only grow. What runs within a pass (hooks on its blocks, attention that is watched) counts."""

    seconds: float = 0.0
    passes: int = 0
    _is_running: bool = False

    def timed(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """`forward`, clocked; a pass within another (the base model's within the model's) counts once."""

        @wraps(forward)
        def run(*args: Any, **kwargs: Any) -> Any:
            if self._is_running:
                return forward(*args, **kwargs)
            self._is_running, started = True, time.process_time()
            try:
                return forward(*args, **kwargs)
            finally:
                self.seconds += time.process_time() - started
                self.passes += 1
                self._is_running = False

        return run


@contextmanager
def forward_clock(model: PreTrainedModel) -> Iterator[ForwardClock]:
    """Inside, the clock counts the passes of `model` and of its base model, on the CPU."""
    clock = ForwardClock()
    with ExitStack() as stack:
        for part in (model, model.base_model):
            _put(part, clock.timed(part.forward), stack)
        yield clock


def _put(module: Module, forward: Callable[..., Any], stack: ExitStack) -> None:
    """In the place of the forward of its class, for as long as the stack lasts."""
    module.forward = forward
    stack.callback(delattr, module, "forward")
