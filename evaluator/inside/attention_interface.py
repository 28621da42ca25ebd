"""Queries and keys of every attention layer, after rotation, by transformers' own attention interface."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from evaluator.inside.attention_weights import Attended
from evaluator.inside.running import refuse_train_mode
from exposure.errors import EvaluationError

OnAttention = Callable[[int, Attended], None]

_PREFIX = "exposure-watched-"
_IMPLEMENTATIONS = ("eager", "sdpa")
_UNTOLD = ("softcap", "s_aux", "position_bias")
"""Arguments of an attention function that change its probabilities in ways not computed here."""

_WATCHERS: dict[int, _Watcher] = {}
"""By the identity of the configuration that the attention layers of a watched model share."""


@contextmanager
def intercepted_attention(model: PreTrainedModel, on_attention: OnAttention) -> Iterator[None]:
    """Inside, each pass of `model` tells `on_attention` every layer's queries and keys, layer after layer from 0.

    The name of the implementation in the model's configuration is another meanwhile. Raises EvaluationError as
    watched_attention does.
    """
    implementation = refuse_unwatchable(model)
    watcher = _Watcher(model, implementation, on_attention)
    hooks = [
        model.base_model.register_forward_pre_hook(lambda *_: watcher.begin()),
        model.base_model.register_forward_hook(lambda *_: watcher.finish()),
    ]
    _register(implementation)
    _WATCHERS[id(model.config)] = watcher
    model.config._attn_implementation = _PREFIX + implementation
    try:
        yield
    finally:
        model.config._attn_implementation = implementation
        del _WATCHERS[id(model.config)]
        for hook in hooks:
            hook.remove()


class _Watcher:
    """Hears of the attention layers of one model, pass by pass."""

    def __init__(self, model: PreTrainedModel, implementation: str, on_attention: OnAttention) -> None:
        self._kind, self._n_layers = str(model.config.model_type), int(model.config.num_hidden_layers)
        self._implementation, self._on_attention = implementation, on_attention
        self._modules = {id(module) for module in model.modules()}
        self._told: list[int] = []

    def begin(self) -> None:
        """A pass begins: after one that broke off, none of that counts."""
        self._told = []

    def finish(self) -> None:
        """A pass has ended: all of its layers must have come by."""
        if self._told != list(range(self._n_layers)):
            raise EvaluationError(
                f"Of the {self._n_layers} layers of this {self._kind} model, the attention of {len(self._told)} goes "
                "through the attention interface of transformers. Its attention cannot be watched: leave the measures "
                "of attention out."
            )

    def attend(self, module: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **others: Any) -> Any:
        """What the model's own implementation gives; `on_attention` is told first.

        Another model may share the configuration: it attends as ever.
        """
        if id(module) in self._modules:
            self._refuse_unknown(module, query, key, mask, others)
            layer = int(module.layer_idx)
            with torch.no_grad():
                self._on_attention(layer, Attended(query, key, mask, _scaling(query, others)))
            self._told.append(layer)
        return _function(self._implementation, module)(module, query, key, value, mask, **others)

    def _refuse_unknown(
        self, module: Any, query: Tensor, key: Tensor, mask: Tensor | None, others: dict[str, Any]
    ) -> None:
        for name in _UNTOLD:
            if others.get(name) is not None:
                raise EvaluationError(
                    f"The attention of this {self._kind} model has {name}, which is not known here. Leave the measures "
                    "of attention out."
                )
        if mask is None and (query.shape[2] != key.shape[2] or not getattr(module, "is_causal", True)):
            raise EvaluationError(
                f"{query.shape[2]} queries meet {key.shape[2]} keys without a mask, and attention is watched where "
                "each token looks at itself and those before it. Run the model without a cache (use_cache=False)."
            )


def refuse_unwatchable(model: PreTrainedModel) -> str:
    """Raise EvaluationError where the model's attention cannot be watched; returns what it attends with."""
    refuse_train_mode(model)
    is_compatible = bool(model.is_backend_compatible())  # type: ignore[no-untyped-call]
    if not is_compatible or model.config.sub_configs:
        raise EvaluationError(
            f"The attention of this {model.config.model_type} model cannot be watched: it does not go through the "
            "attention interface of transformers, or is part of a model of several parts. Leave the measures of "
            "attention out."
        )
    name = str(model.config._attn_implementation)
    if name.startswith(_PREFIX):
        raise EvaluationError("The attention of this model is watched already. End the one before beginning another.")
    if name not in _IMPLEMENTATIONS or (name == "eager" and getattr(model.config, "reorder_and_upcast_attn", False)):
        raise EvaluationError(
            f"The model was loaded with {name} attention, and it is watched with {' or '.join(_IMPLEMENTATIONS)} "
            "(eager: without reorder_and_upcast_attn). Load it with attn_implementation='sdpa'."
        )
    return name


def _register(implementation: str) -> None:
    """Tell transformers the name under which attention is watched, and that masks are as without."""
    AttentionInterface.register(_PREFIX + implementation, _watched)
    mask: Any = ALL_MASK_ATTENTION_FUNCTIONS[implementation]
    AttentionMaskInterface.register(_PREFIX + implementation, mask)


def _watched(module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Any, **others: Any) -> Any:
    return _WATCHERS[id(module.config)].attend(module, query, key, value, attention_mask, **others)


def _function(implementation: str, module: Module) -> Any:
    """The attention function; `eager` is one of the file that the layer's class is defined in."""
    if implementation == "eager":
        return vars(sys.modules[type(module).__module__])["eager_attention_forward"]
    return ALL_ATTENTION_FUNCTIONS[implementation]


def _scaling(query: Tensor, others: dict[str, Any]) -> float:
    given = others.get("scaling")
    return float(query.shape[-1] ** -0.5 if given is None else given)
