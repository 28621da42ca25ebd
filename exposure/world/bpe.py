"""The world's tokenizer: a byte-level BPE in the file format of Hugging Face `tokenizers`, made without it.

Merges are learnt from the lexicon in plain Python, so the file depends on nothing but this package. Id 0 is
`<|endoftext|>`, ids 1 to 256 are the bytes, then one id for each merge.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

from exposure.world import lexicon as lx

END_OF_TEXT = "<|endoftext|>"
MERGES = 800

Pair = tuple[str, str]

_FUNCTION_WORDS = (
    "the The a an Every One Another Many Some Two two three some many is are was were has her his She He There in near "
    "behind beyond by said and Later Today Here herself himself this that these those This That These Those"
)


def byte_symbols() -> tuple[str, ...]:
    """The character that stands for each byte: itself where it is printable, else one from U+0100 on: GPT-2's table."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return tuple(chr(byte if byte in printable else next(others)) for byte in range(256))


def training_words() -> Counter[str]:
    """What the merges are learnt from: the pieces that the pre-tokenizer makes of the lexicon, with weights."""
    verbs = [form for verb in lx.TRANSITIVE + lx.IRREGULAR for form in verb.forms]
    nouns = [form for noun in lx.PEOPLE + lx.THINGS for form in (noun, lx.plural(noun))]
    words = Counter({f" {word}": 2 for word in verbs + nouns})
    words.update({f" {word}": 2 for word in lx.PLACES + lx.ADJECTIVES + lx.INTRANSITIVE + lx.REFLEXIVE})
    words.update({f" {name}": 2 for name in lx.NAMES})
    words.update(lx.NAMES)
    words.update({f" {word}": 20 for word in _FUNCTION_WORDS.split()})
    words.update({word: 4 for word in _FUNCTION_WORDS.split() if word[0].isupper()})
    stems = [auxiliary.removesuffix("'t") for both in lx.NEGATED_AUXILIARIES for auxiliary in both]
    words.update({"'t": 20} | {f" {stem}": 8 for stem in stems})
    return words


def learn_merges(words: Counter[str], count: int) -> list[Pair]:
    """The `count` most frequent adjacent pairs, one after the other; the smaller pair wins a tie."""
    symbols = byte_symbols()
    pieces = {word: [symbols[byte] for byte in word.encode()] for word in words}
    merges: list[Pair] = []
    for _ in range(count):
        pairs: Counter[Pair] = Counter()
        for word, piece in pieces.items():
            for pair in pairwise(piece):
                pairs[pair] += words[word]
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        pieces = {word: _merge(piece, best) for word, piece in pieces.items()}
    return merges


def _merge(piece: list[str], pair: Pair) -> list[str]:
    """`piece` with every occurrence of `pair` joined, from the left."""
    merged: list[str] = []
    for symbol in piece:
        if merged and (merged[-1], symbol) == pair:
            merged[-1] += symbol
        else:
            merged.append(symbol)
    return merged


def tokenizer_json() -> str:
    """The whole file `tokenizer.json`."""
    merges = learn_merges(training_words(), MERGES)
    tokens = [END_OF_TEXT, *byte_symbols(), *("".join(pair) for pair in merges)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [_special(END_OF_TEXT)],
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": byte_level,
            "post_processor": None,
            "decoder": byte_level,
            "model": _model({token: id_ for id_, token in enumerate(tokens)}, merges),
        },
        ensure_ascii=False,
        indent=1,
    )


def _special(content: str) -> dict[str, object]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": 0, "content": content, **flags}


def _model(vocabulary: dict[str, int], merges: list[Pair]) -> dict[str, object]:
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": vocabulary,
        "merges": [" ".join(pair) for pair in merges],
    }
