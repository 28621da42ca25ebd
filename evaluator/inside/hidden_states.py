"""The residual stream at chosen tokens, seen while a model runs as it always does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from evaluator.inside.places import Places
from evaluator.inside.running import blocks_of, refuse_train_mode


@dataclass(frozen=True)
class HiddenStates:
    """States of one batch at the places asked for: fp32, on the CPU."""

    layers: Tensor  # [n_layers + 1, place, d_model] 0: embeddings, ℓ: after block ℓ; the last: before the final norm
    final: Tensor  # [place, d_model] after the final norm: what the unembedding reads


@contextmanager
def watched_hidden_states(
    model: PreTrainedModel, places: Places, on_states: Callable[[HiddenStates], None]
) -> Iterator[None]:
    """Inside, every forward pass of `model` (or of its base model) tells `on_states` its states at `places`.

    The residual stream is taken by hooks, raw: what transformers calls hidden_states[-1] is `final` here. Only the
    places asked for are kept. Embeddings have learnt positions added (GPT-2) and embedding dropout's identity behind
    them. It works for every causal model that keeps its blocks in one list.

    Raises EvaluationError where the model is in train mode, a place lies outside the batch, or its blocks cannot be
    found.
    """
    refuse_train_mode(model)
    blocks = blocks_of(model)
    recorder = _Recorder(places, on_states)
    with ExitStack() as hooks:
        for handle in (
            blocks[0].register_forward_pre_hook(recorder.begin, with_kwargs=True),
            *(block.register_forward_hook(recorder.after_block) for block in blocks),
            model.base_model.register_forward_hook(recorder.finish),
        ):
            hooks.callback(handle.remove)
        yield


def hidden_states(model: PreTrainedModel, inputs: Mapping[str, object], places: Places) -> HiddenStates:
    """The states at `places` from one pass without unembedding; `inputs` as of model_inputs.

    Raises EvaluationError as watched_hidden_states does.
    """
    found: list[HiddenStates] = []
    with torch.inference_mode(), watched_hidden_states(model, places, found.append):
        model.base_model(**{"use_cache": False, **inputs})
    return found[0]


class _Recorder:
    """Keeps what the hooks of one pass see, at the places asked for."""

    def __init__(self, places: Places, on_states: Callable[[HiddenStates], None]) -> None:
        self._places, self._on_states = places, on_states
        self._states: list[Tensor] = []
        self._indices: tuple[Tensor, Tensor]

    def begin(self, _block: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Before the first block: what it reads; states of a pass that broke off are forgotten."""
        embedded: Tensor = args[0] if args else kwargs["hidden_states"]
        self._places.check(*embedded.shape[:2])
        rows, tokens = (torch.from_numpy(one).to(embedded.device) for one in (self._places.rows, self._places.tokens))
        self._indices = rows, tokens
        self._states = [self._chosen(embedded)]

    def after_block(self, _block: Any, _args: Any, output: Any) -> None:
        """What a block adds to and hands on."""
        self._states.append(self._chosen(output if isinstance(output, Tensor) else output[0]))

    def finish(self, _base: Any, _args: Any, output: Any) -> None:
        """After the final norm."""
        final = self._chosen(output[0])
        states, self._states = self._states, []
        self._on_states(HiddenStates(torch.stack(states).cpu(), final.cpu()))

    def _chosen(self, states: Tensor) -> Tensor:
        """[place, d_model] fp32 of [row, token, d_model]."""
        return states.detach()[self._indices].float()
