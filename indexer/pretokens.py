"""What a tokenizer.json promises about its tokens, as far as it is of a kind that is understood.

Understood are byte-level vocabularies behind the pre-tokenizers of GPT-2 (GPT-NeoX, Pythia, OLMo) and of cl100k (Llama
3, Qwen 2, OLMo 2), with no normaliser or NFC. Of any other nothing is promised: it is asked about whole documents.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from indexer.byte_table import byte_level_alphabet

Family = Literal["gpt2", "cl100k"]

_BYTES_OF_UTF8 = frozenset(range(0xF5)) - {0xC0, 0xC1}
_CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_CL100K = re.compile(
    re.escape(rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}")
    + r"(?:\{1,3\})?"
    + re.escape(r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
)


@dataclass(frozen=True)
class Pretokens:
    """How a tokenizer splits text before its model sees it.

    `added` are the contents of its added tokens, as they stand in normalised text; `has_prefix_space` when it puts a
    space before a text that has none.
    """

    family: Family
    has_prefix_space: bool
    added: frozenset[str]

    @classmethod
    def of(cls, description: dict[str, Any]) -> Pretokens | None:
        """Those of a tokenizer.json; None where they are not understood."""
        family = _family(description.get("pre_tokenizer"))
        added = description.get("added_tokens") or []
        reaching = any(token.get(flag) for token in added for flag in ("lstrip", "rstrip", "single_word"))
        if family is None or reaching or not _is_nfc(description.get("normalizer")):
            return None
        if (description.get("model") or {}).get("dropout"):
            return None
        contents = {str(token["content"]) for token in added}
        return cls(*family, frozenset(contents | {unicodedata.normalize("NFC", one) for one in contents}))


def keeps_every_byte(description: dict[str, Any]) -> bool:
    """Whether the tokens of any text that the normaliser leaves alone decode to it, each of them to a byte at least.

    Other texts are normalised between added tokens, which is not the same: <s> may stand before a combining mark.
    """
    pretokens, model = Pretokens.of(description), description.get("model") or {}
    if pretokens is None or pretokens.has_prefix_space or model.get("type") != "BPE":
        return False
    if any(model.get(name) for name in ("continuing_subword_prefix", "end_of_word_suffix")):
        return False
    is_stable = all(one and unicodedata.is_normalized("NFC", one) for one in pretokens.added)
    needed = {one for one, byte in byte_level_alphabet().items() if byte in _BYTES_OF_UTF8}
    return is_stable and needed <= set(model["vocab"])


def _family(pre_tokenizer: Any) -> tuple[Family, bool] | None:
    """(family, whether a space is put in front), or None."""
    if not isinstance(pre_tokenizer, dict):
        return None
    if pre_tokenizer.get("type") == "ByteLevel":
        is_known = pre_tokenizer.get("use_regex", True)
        return ("gpt2", bool(pre_tokenizer.get("add_prefix_space"))) if is_known else None
    parts = pre_tokenizer.get("pretokenizers")
    if pre_tokenizer.get("type") != "Sequence" or not isinstance(parts, list) or len(parts) != 2:
        return None
    split, byte_level = parts
    is_split = (split.get("type"), split.get("behavior"), split.get("invert")) == ("Split", "Isolated", False)
    pattern = (split.get("pattern") or {}).get("Regex", "")
    is_plain = byte_level.get("type") == "ByteLevel" and not byte_level.get("use_regex", True)
    is_known = is_split and is_plain and not byte_level.get("add_prefix_space") and _CL100K.fullmatch(pattern)
    return ("cl100k", False) if is_known else None


def _is_nfc(normalizer: Any) -> bool:
    """Whether a normaliser is NFC, or does nothing."""
    if normalizer is None:
        return True
    if normalizer.get("type") == "Sequence":
        return all(_is_nfc(one) for one in normalizer.get("normalizers", []))
    return bool(normalizer.get("type") == "NFC")
