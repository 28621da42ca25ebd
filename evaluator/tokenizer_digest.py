"""The digest of a checkpoint's tokenizer: equal digests make the same token ids of any text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exposure.errors import CheckpointError

MODEL_FILES = (
    "tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
    "vocab.json", "merges.txt", "vocab.txt",
)  # fmt: skip
"""Files of which at least one makes a tokenizer; tokenizer.json alone decides where it is there."""

SETTING_FILES = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")

_SETTINGS = ("bos_token", "eos_token", "unk_token", "add_bos_token", "add_eos_token", "add_prefix_space")


def tokenizer_digest(folder: Path, names: Sequence[str]) -> str:
    """sha256, in hex, over the files `names` of `folder` that a tokenizer is made of: at least one of MODEL_FILES.

    How JSON is set out does not enter, nor what a library notes beside (its version, truncation, padding, class).
    Raises CheckpointError.
    """
    models = [name for name in MODEL_FILES if name in names][: 1 if "tokenizer.json" in names else None]
    parts: dict[str, object] = {name: _content(folder / name) for name in models}
    settings = [_json(folder / name) for name in SETTING_FILES if name in names]
    parts["settings"] = _settings(settings)
    if "tokenizer.json" not in models and "added_tokens.json" in names:
        parts["added"] = _json(folder / "added_tokens.json")
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _settings(files: Sequence[dict[str, Any]]) -> dict[str, object]:
    """What the first file that says so says of each setting; unset and false are the same."""
    found: dict[str, object] = {}
    for file in files:
        for key in _SETTINGS:
            value = file.get(key)
            text = value.get("content") if isinstance(value, dict) else value
            if text and key not in found:
                found[key] = text
    return found


def _content(path: Path) -> object:
    if path.suffix != ".json":
        return hashlib.sha256(_bytes(path)).hexdigest()
    parsed = _json(path)
    for key in ("version", "truncation", "padding"):
        parsed.pop(key, None)
    model = parsed.get("model")
    if isinstance(model, dict) and isinstance(model.get("merges"), list):
        model["merges"] = [one.split(" ", 1) if isinstance(one, str) else one for one in model["merges"]]
    return parsed


def _json(path: Path) -> dict[str, Any]:
    try:
        parsed = json.loads(_bytes(path))
    except ValueError as error:
        raise CheckpointError(f"{path} is no JSON ({error}). Fetch it again.") from error
    if not isinstance(parsed, dict):
        raise CheckpointError(f"{path} holds no object. Fetch it again.")
    return parsed


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}). Fetch it again.") from error
