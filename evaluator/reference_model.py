"""A model as transformers itself loads it: slow, and right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging

from exposure.errors import CheckpointError

Attention = Literal["sdpa", "eager"]
Loaded = TypeVar("Loaded")

_NO_SDPA = "scaled_dot_product_attention"
"""Named by transformers where an architecture has no sdpa, which is before any weight is read."""


def reference_model(folder: Path, name: str, dtype: torch.dtype, attention: Attention) -> PreTrainedModel:
    """The checkpoint in `folder`, in host memory, in eval mode; raises CheckpointError where not every weight is there.

    `name` is the checkpoint's, for messages. An architecture without sdpa (BLOOM, MPT, GPT-J, Gemma 2) attends eagerly
    whatever is asked for.
    """

    def load(attention: Attention) -> Any:
        return AutoModelForCausalLM.from_pretrained(
            str(folder),
            dtype=dtype,
            attn_implementation=attention,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # to be named in what is refused below
            output_loading_info=True,
        )

    try:
        loaded = _with_attention(load, attention)
    except Exception as error:  # transformers raises what its many models raise
        first = (str(error).strip().splitlines() or [""])[0]
        raise CheckpointError(f"{name} cannot be loaded by transformers ({type(error).__name__}: {first}).") from error
    model: PreTrainedModel = loaded[0]
    _refuse_partial(name, loaded[1])
    _refuse_other_class(name, model)
    model.train(False)
    model.requires_grad_(False)
    return model


def reference_of(
    model: PreTrainedModel, tensors: dict[str, torch.Tensor], dtype: torch.dtype, attention: Attention
) -> PreTrainedModel:
    """A model such as `model`, in host memory, as from_pretrained makes it of `tensors`, named as in a checkpoint."""

    def load(attention: Attention) -> PreTrainedModel:
        return type(model).from_pretrained(
            None,
            config=model.config,
            state_dict=tensors,
            dtype=dtype,
            attn_implementation=attention,
        )

    return _with_attention(load, attention)


def _with_attention(load: Callable[[Attention], Loaded], attention: Attention) -> Loaded:
    """What `load` gives, quietly; eager where the architecture has no sdpa.

    transformers would fall back by itself if nothing were asked for, but then a config.json could ask.
    """
    with _quiet():
        try:
            return load(attention)
        except ValueError as error:
            if attention == "eager" or _NO_SDPA not in str(error):
                raise
        return load("eager")


def _refuse_partial(name: str, loading: dict[str, Any]) -> None:
    """What from_pretrained only warns of: it makes missing weights up, and drops those it has no place for."""
    for kind, sentence in {
        "missing_keys": "lacks tensors that its model needs",
        "mismatched_keys": "has tensors of other shapes than its config says",
        "unexpected_keys": "has tensors that its model has no place for",
        "error_msgs": "has tensors that transformers could not convert",
    }.items():
        found = sorted(str(one[0] if isinstance(one, tuple) else one) for one in loading.get(kind) or ())
        if found:
            more = f" and {len(found) - 3:,} more" if len(found) > 3 else ""
            raise CheckpointError(
                f"{name} {sentence}: {', '.join(found[:3])}{more}. Are config.json and the weights of the same model?"
            )


def _refuse_other_class(name: str, model: PreTrainedModel) -> None:
    classes = {type(model).__name__.casefold(), type(model.base_model).__name__.casefold()}
    named = model.config.architectures or []
    if named and not any(one.casefold() in classes for one in named):
        raise CheckpointError(
            f"{name} is a {named[0]}; as a causal language model transformers would load it as "
            f"{type(model).__name__}, which is not what was trained. Only causal language models are evaluated."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither bars nor warnings: what they would say is refused with a sentence."""
    verbosity, has_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if has_bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
