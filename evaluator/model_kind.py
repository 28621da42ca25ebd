"""Which function a checkpoint's config describes: what all checkpoints of a series have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import AutoConfig

from exposure.errors import CheckpointError, first_line

CONFIG = "config.json"

WITHOUT_EFFECT = frozenset([
    "_name_or_path", "architectures", "chunk_size_feed_forward", "dtype", "gradient_checkpointing", "id2label",
    "initializer_range", "label2id", "output_attentions", "output_hidden_states", "pad_token_id", "pretraining_tp",
    "problem_type", "return_dict", "torch_dtype", "transformers_version", "use_cache",
])  # fmt: skip
"""Keys of a config that change nothing about what a model in eval mode computes, beside those of dropout."""

_REFUSED = {
    "auto_map": "asks for code of its own (auto_map in config.json), which is never run. Only architectures that "
    "transformers has itself are evaluated",
    "quantization_config": "is quantised. Give the checkpoint in full precision",
    "transformers_weights": "names its weight file itself (transformers_weights in config.json). Give a checkpoint "
    "with its weights in model.safetensors",
}


def read_config(path: Path, name: str) -> Mapping[str, object]:
    """What of a config.json decides the function, defaults filled in; raises CheckpointError.

    `name` is the checkpoint's, for messages.
    """
    given = _given(path, name)
    for key, reason in _REFUSED.items():
        if given.get(key):
            raise CheckpointError(f"{name} {reason}.")
    try:
        config = AutoConfig.from_pretrained(str(path.parent), local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers raises what its many configs raise
        raise CheckpointError(
            f"{name}: its config.json (model_type {given.get('model_type')!r}) is not one that transformers can read "
            f"({first_line(error)}). Mend the file, or install the transformers that wrote it."
        ) from error
    if getattr(config, "is_encoder_decoder", False):
        raise CheckpointError(f"{name} is an encoder-decoder; only causal language models are evaluated.")
    return {key: value for key, value in _plain(config.to_dict()).items() if _has_effect(key)}


def difference(config: Mapping[str, object], series: Mapping[str, object]) -> str | None:
    """What makes `config` that of another model than the series', in words; None where nothing does."""
    for key, noun in {"model_type": "architecture", "vocab_size": "vocabulary"}.items():
        if config.get(key) != series.get(key):
            return f"another {noun}: {_shown(config.get(key))}, the series has {_shown(series.get(key))}"
    for key in sorted({*config, *series}):
        if config.get(key) != series.get(key):
            return f"another {key}: {_shown(config.get(key))}, the series has {_shown(series.get(key))}"
    return None


def _given(path: Path, name: str) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{name}: its config.json cannot be read ({error}). Fetch it again.") from error
    if not isinstance(given, dict):
        raise CheckpointError(f"{name}: its config.json holds no object. Fetch it again.")
    return given


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """As JSON reads it back: keys are text, tuples are lists."""
    plain: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return plain


def _has_effect(key: str) -> bool:
    return key not in WITHOUT_EFFECT and "dropout" not in key and not key.endswith("pdrop")


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
