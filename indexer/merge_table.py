"""The merges of a vocabulary, ready for compiled code, and the kinds of pre-tokens that may be merged by them alone."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.byte_table import byte_level_alphabet
from indexer.compiled.merges import LONGEST, NO_PAIR, Merges, enter_merges
from indexer.compiled.piece_table import APOSTROPHE
from indexer.pretokens import Family, Pretokens

_RUNS: dict[Family, dict[int, str]] = {
    "gpt2": {1: string.ascii_letters, 2: string.digits, 4: string.punctuation.replace("'", ""), APOSTROPHE | 4: "'"},
    "cl100k": {1: string.ascii_letters},
}
"""Bits of compiled/piece_table.py → characters of which a run, with or without a space before it, is one pre-token."""


def merge_table(description: dict[str, Any], pretokens: Pretokens) -> tuple[Merges, npt.NDArray[np.uint8]]:
    """(merges, uint8[256]: for each byte the bits of compiled/piece_table.py, or 0).

    `description` is the tokenizer.json. No class is given where the model does more than merge.
    """
    model = description["model"]
    vocabulary: dict[str, int] = model.get("vocab", {}) if model.get("type") == "BPE" else {}
    pairs = [tuple(one.split(" ", 1)) if isinstance(one, str) else tuple(one) for one in model.get("merges") or ()]
    ascii_ = {byte: character for character, byte in byte_level_alphabet().items() if byte < 0x80}
    if not set(ascii_.values()) <= set(vocabulary) or not _only_merges(model) or len(set(pairs)) < len(pairs):
        return _table([], {}, {}), np.zeros(256, dtype=np.uint8)
    return _table(pairs, vocabulary, {byte: vocabulary[one] for byte, one in ascii_.items()}), _classes(
        _RUNS[pretokens.family], pretokens
    )


def with_own_scratch(merges: Merges) -> Merges:
    """The same merges for another thread."""
    return merges._replace(symbols=merges.symbols.copy(), ranks=merges.ranks.copy())


def _only_merges(model: dict[str, Any]) -> bool:
    more = ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges")
    return not any(model.get(name) for name in more)


def _classes(runs: dict[int, str], pretokens: Pretokens) -> npt.NDArray[np.uint8]:
    """A class whose runs an added token may be part of is none, and none is where texts are given a space in front."""
    classes = np.zeros(256, dtype=np.uint8)
    if pretokens.has_prefix_space:
        return classes
    for bits, run in runs.items():
        if bits & APOSTROPHE:
            is_free = not any("'" in one for one in pretokens.added)
        else:
            is_free = not any(set(one.removeprefix(" ")) <= set(run) for one in pretokens.added)
        classes[list(run.encode())] = bits * is_free
    return classes


def _table(pairs: list[tuple[str, ...]], vocabulary: dict[str, int], alphabet: dict[int, int]) -> Merges:
    bits = max(2 * len(pairs), 2).bit_length()
    sizes = np.zeros(max(vocabulary.values(), default=0) + 1, dtype=np.uint16)
    for token, number in vocabulary.items():
        sizes[number] = len(token)  # a character for every byte
    ids = np.zeros(256, dtype=np.int32)
    ids[list(alphabet)] = list(alphabet.values())
    merges = Merges(
        rows=np.full((1 << bits, 2), NO_PAIR, dtype=np.uint64),
        shift=np.uint64(64 - bits),
        ids=ids,
        sizes=sizes,
        symbols=np.zeros(LONGEST, dtype=np.int32),
        ranks=np.zeros(LONGEST, dtype=np.uint64),
    )
    firsts, seconds = [one[0] for one in pairs], [one[1] for one in pairs]
    results = [one + other for one, other in zip(firsts, seconds, strict=True)]
    enter_merges(_ids(firsts, vocabulary), _ids(seconds, vocabulary), _ids(results, vocabulary), merges)
    return merges


def _ids(tokens: list[str], vocabulary: dict[str, int]) -> npt.NDArray[np.int32]:
    return np.array([vocabulary[token] for token in tokens], dtype=np.int32)
