"""Why a model cannot be given tries, as far as its class and configuration tell; the rest is left to a proof."""

from __future__ import annotations

import inspect

from transformers import PreTrainedModel

MASKED_ATTENTION = frozenset({"sdpa", "eager"})
"""Implementations of attention that add a mask of four dimensions as it is given."""

LENGTH_DEPENDENT_ROPE = frozenset({"dynamic", "longrope"})
"""Rotary embeddings that change with the longest position of a batch."""


def why_not_tries(model: PreTrainedModel, longest: int) -> str | None:
    """The reason why sequences of up to `longest` tokens must stand in rows of their own; None where none is known.

    A model must take its positions from `position_ids` and look where its mask lets it, and nowhere else: no ALiBi, no
    recurrent state, no window that is shorter than the text.
    """
    config = model.config.get_text_config()
    if "position_ids" not in inspect.signature(model.forward).parameters:
        return f"{type(model).__name__} cannot be told the positions of its tokens"
    if getattr(config, "alibi", False):
        return "its attention falls off with the distance in the row (ALiBi)"
    if getattr(model, "_is_stateful", False):
        return "it carries a state along the row"
    if config._attn_implementation not in MASKED_ATTENTION:
        return f"{config._attn_implementation} attention takes no mask of its own"
    return _why_not_so_long(config.to_dict(), longest)


def _why_not_so_long(config: dict[str, object], longest: int) -> str | None:
    for name in ("sliding_window", "attention_chunk_size", "window_size"):
        window = config.get(name)
        if isinstance(window, int) and window < longest:
            return f"its attention reaches over {window:,} tokens and the longest text has {longest:,}"
    rope = config.get("rope_parameters") or config.get("rope_scaling")
    if isinstance(rope, dict) and LENGTH_DEPENDENT_ROPE & {rope.get("rope_type"), rope.get("type")}:
        return "its rotary embedding depends on the longest text of a batch"
    return None
