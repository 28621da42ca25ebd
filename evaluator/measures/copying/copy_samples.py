"""Samples of the copy test: random-token sequences end to end, and which of them are asked for. No model, no torch.

COPY (Lv et al. 2024, arXiv 2409.09281): a sample concatenates 50 sequences of random tokens, 18 tokens each on average,
with unique 12-token prefixes and 6-token suffixes; the prefix of sequence i = 5, 10, … 50 is appended, and its suffix
must follow. Where the paper leaves freedom, this is done:

* The suffix follows its prefix at once, else greedy decoding could not give it: so every sequence has exactly 12 + 6
  tokens. Nothing stands between sequences.
* Unique means within a sample: no prefix begins anywhere else in the context, also not across sequences, and no two
  suffixes are equal. A sample that breaks this is drawn again as a whole.
* `tokens`: drawn evenly and with replacement from the ids that are given, the ones that are not special.
* `hex`: each sequence is a string of random hexadecimal characters (0–9, a–f) by the model's tokenizer, of which the
  first 18 tokens are kept. Ids are concatenated, never tokenised again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaluator.sequences import Integers, TokenIds
from exposure.errors import EvaluationError

PREFIX_TOKENS = 12
SUFFIX_TOKENS = 6
SEQUENCE_TOKENS = PREFIX_TOKENS + SUFFIX_TOKENS
QUERY_TOKENS = SEQUENCE_TOKENS - 1
"""Of a query that are fed: the prefix and the suffix but its last token, which is only predicted."""

HEX_CHARACTERS = "0123456789abcdef"
LONGEST_HEX = 1024
"""Characters of a string from which some tokenizer still does not make 18 tokens: then it is refused."""

MOST_DRAWS = 100
"""Of one sample; a vocabulary with which none of them has unique parts is refused."""

Generator = Literal["tokens", "hex"]
_STREAMS: dict[Generator, int] = {"tokens": 0, "hex": 1}


@dataclass(frozen=True, slots=True)
class CopySpec:
    """What is asked. The defaults are COPY's test."""

    generator: Generator = "tokens"
    n_samples: int = 500
    n_sequences: int = 50
    every: int = 5
    """Sequences `every`, 2 × `every`, … are asked for, counted from 1."""
    seed: int = 0

    def __post_init__(self) -> None:
        """At least one sample, and one sequence that is asked for."""
        if self.generator not in _STREAMS or min(self.n_samples, self.every) < 1 or self.n_sequences < self.every:
            raise EvaluationError(
                f"A copy test with generator {self.generator!r}, {self.n_samples} samples, {self.n_sequences} sequences"
                f" and every {self.every}th of them asked for cannot be made. Give the generator tokens or hex, at "
                "least one sample, and at least as many sequences as lie between two that are asked for."
            )


@dataclass(frozen=True)
class CopySamples:
    """Sequences of all samples, and the 1-based numbers of those that are asked for."""

    spec: CopySpec
    tokens: TokenIds  # [sample, sequence, 18]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def n_sequences(self) -> int:
        """Of a sample; fewer than the spec's where `shortened`."""
        return int(self.tokens.shape[1])

    @property
    def positions(self) -> Integers:
        """[position] Which sequences are asked for, counted from 1."""
        return np.arange(self.spec.every, self.n_sequences + 1, self.spec.every)

    @property
    def contexts(self) -> TokenIds:
        """[sample, token] The sequences end to end."""
        return self.tokens.reshape(len(self), -1)

    @property
    def asked(self) -> TokenIds:
        """[sample, position, 18] The sequences that are asked for."""
        return self.tokens[:, self.positions - 1]

    @property
    def queries(self) -> TokenIds:
        """[sample, position, 17] What is fed after the context: the last six tokens predict the suffix."""
        return self.asked[..., :QUERY_TOKENS]

    @property
    def suffixes(self) -> TokenIds:
        """[sample, position, 6] What is to be predicted."""
        return self.asked[..., PREFIX_TOKENS:]

    def fitting(self, context: int | None, before: int) -> CopySamples:
        """As many of each sample's first sequences as a model of `context` tokens can be fed after `before` others.

        The last one is asked for, as in the whole test. None: there is no bound. Raises EvaluationError where not even
        the first sequence that is asked for fits.
        """
        if context is None:
            return self
        room = (context - before - QUERY_TOKENS) // SEQUENCE_TOKENS
        fitting = min(room, self.n_sequences) // self.spec.every * self.spec.every
        if room >= self.n_sequences:
            return self
        if fitting < 1:
            raise EvaluationError(
                f"The model's context holds {context:,} tokens, and the smallest copy test takes "
                f"{before + self.spec.every * SEQUENCE_TOKENS + QUERY_TOKENS:,}: {self.spec.every} sequences and a "
                "prefix. Ask for earlier sequences, or evaluate a model with a longer context."
            )
        return replace(self, tokens=self.tokens[:, :fitting])


def random_token_samples(spec: CopySpec, token_ids: Integers) -> CopySamples:
    """Samples of tokens drawn evenly from `token_ids` [token], all different ids that are not special.

    Sample i depends on the seed, i and the ids alone: fewer samples are the first of more. Raises EvaluationError
    where the ids are too few for unique parts.
    """

    def draw(generator: np.random.Generator) -> TokenIds:
        return generator.choice(token_ids, (spec.n_sequences, SEQUENCE_TOKENS)).astype(np.int32)

    return _samples(spec, "tokens", draw)


def hex_samples(spec: CopySpec, encode: Callable[[Sequence[str]], list[TokenIds]]) -> CopySamples:
    """Samples of random hexadecimal strings; `encode` gives the token ids of texts, without special tokens.

    Raises EvaluationError where the tokenizer makes too few tokens of hexadecimal characters, or too few different.
    """

    def draw(generator: np.random.Generator) -> TokenIds:
        characters = 4 * SEQUENCE_TOKENS
        while characters <= LONGEST_HEX:
            drawn = generator.choice(list(HEX_CHARACTERS), (spec.n_sequences, characters))
            encoded = encode(["".join(one) for one in drawn])
            if min(map(len, encoded)) >= SEQUENCE_TOKENS:
                return np.stack([ids[:SEQUENCE_TOKENS] for ids in encoded]).astype(np.int32)
            characters *= 2
        raise EvaluationError(
            f"The tokenizer makes fewer than {SEQUENCE_TOKENS} tokens of {LONGEST_HEX} hexadecimal characters, so it "
            "does not know them apart. Use the generator tokens."
        )

    return _samples(spec, "hex", draw)


def _samples(spec: CopySpec, kind: Generator, draw: Callable[[np.random.Generator], TokenIds]) -> CopySamples:
    if spec.generator != kind:
        raise EvaluationError(f"The copy test asks for the generator {spec.generator}, and {kind} was called.")
    drawn = [_unique(np.random.default_rng([spec.seed, _STREAMS[kind], i]), draw) for i in range(spec.n_samples)]
    return CopySamples(spec, np.stack(drawn))


def _unique(generator: np.random.Generator, draw: Callable[[np.random.Generator], TokenIds]) -> TokenIds:
    """[sequence, 18] The first draw whose prefixes and suffixes are unique."""
    for _ in range(MOST_DRAWS):
        sequences = draw(generator)
        if has_unique_parts(sequences):
            return sequences
    raise EvaluationError(
        f"{MOST_DRAWS:,} draws gave no sample with unique {PREFIX_TOKENS}-token prefixes and {SUFFIX_TOKENS}-token "
        "suffixes: there are too few different tokens. Use another generator, or ask for fewer sequences."
    )


def has_unique_parts(sequences: TokenIds) -> bool:
    """Whether, of [sequence, 18], no two suffixes are equal and no prefix stands anywhere else in the context."""
    context = np.ascontiguousarray(sequences).reshape(-1)
    windows = np.lib.stride_tricks.sliding_window_view(context, PREFIX_TOKENS)  # [place, 12]
    _, kinds, counts = np.unique(windows, axis=0, return_inverse=True, return_counts=True)
    if (counts[kinds.reshape(-1)[::SEQUENCE_TOKENS]] > 1).any():
        return False
    return len(np.unique(sequences[:, PREFIX_TOKENS:], axis=0)) == len(sequences)
