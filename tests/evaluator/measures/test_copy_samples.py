"""Samples of the copy test keep what COPY promises of them, whatever the vocabulary, the seed and the size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import tiny_models
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.measures.copying.copy_samples import (
    CopySamples,
    CopySpec,
    has_unique_parts,
    hex_samples,
    random_token_samples,
)
from evaluator.measures.drawable_tokens import drawable_tokens
from evaluator.sequences import TokenIds
from evaluator.text_tokenizer import TextTokenizer
from exposure.errors import EvaluationError

HEX = CopySpec(generator="hex", n_samples=3)


def specs() -> st.SearchStrategy[CopySpec]:
    return st.builds(
        CopySpec,
        n_samples=st.integers(1, 4),
        n_sequences=st.integers(5, 20),
        every=st.integers(1, 5),
        seed=st.integers(0, 2**40),
    )


def places_of(part: list[int], whole: list[int]) -> list[int]:
    return [at for at in range(len(whole)) if whole[at : at + len(part)] == part]


def check_promises(samples: CopySamples) -> None:
    for sequences in samples.tokens.tolist():
        context = [token for sequence in sequences for token in sequence]
        for number, sequence in enumerate(sequences):
            assert len(sequence) == 18
            assert places_of(sequence[:12], context) == [18 * number]
        assert len({tuple(sequence[12:]) for sequence in sequences}) == len(sequences)


@settings(max_examples=40, deadline=None)
@given(specs(), st.lists(st.integers(0, 70_000), min_size=8, max_size=60, unique=True))
def test_random_tokens(spec: CopySpec, ids: list[int]) -> None:
    """Every sequence has 18 of the given ids, a prefix that begins nowhere else, a suffix of its own; always alike."""
    samples = random_token_samples(spec, np.array(ids))
    assert samples.tokens.shape == (spec.n_samples, spec.n_sequences, 18)
    assert np.isin(samples.tokens, ids).all()
    check_promises(samples)
    assert np.array_equal(samples.tokens, random_token_samples(spec, np.array(ids)).tokens)


@settings(max_examples=20, deadline=None)
@given(specs())
def test_fewer_samples_are_the_first(spec: CopySpec) -> None:
    """A smaller test is the beginning of a larger one of the same seed, and another seed gives another test."""
    ids = np.arange(50)
    more = random_token_samples(replace(spec, n_samples=spec.n_samples + 2), ids)
    assert np.array_equal(random_token_samples(spec, ids).tokens, more.tokens[: spec.n_samples])
    other = random_token_samples(replace(spec, seed=spec.seed + 1), ids)
    assert not np.array_equal(other.tokens[0], more.tokens[0])


def test_copys_numbers() -> None:
    """By default: 500 samples of 900 tokens, asked for at 5, 10, … 50; every id is drawn about equally often."""
    samples = random_token_samples(CopySpec(), np.arange(100, 200))
    assert samples.contexts.shape == (500, 900)
    assert samples.positions.tolist() == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
    counts = np.bincount(samples.tokens.reshape(-1))[100:]
    assert abs(counts - 4500).max() < 5 * np.sqrt(4500)


def test_what_is_asked() -> None:
    """Position p asks for sequence p counted from 1: its 17 first tokens are fed, its six last are predicted."""
    samples = random_token_samples(CopySpec(n_samples=2, n_sequences=10), np.arange(30))
    assert samples.queries[1, 0].tolist() == samples.tokens[1, 4, :17].tolist()
    assert samples.suffixes[1, 1].tolist() == samples.tokens[1, 9, 12:].tolist()
    assert samples.contexts[0].tolist() == [token for sequence in samples.tokens[0].tolist() for token in sequence]


@pytest.mark.parametrize("architecture", ["gpt_neox", "llama"])
def test_hexadecimal_characters(architecture: str) -> None:
    """Sequences are tokens of hexadecimal strings and of nothing else; the same for the same seed."""
    tokenizer = TextTokenizer.open(tiny_models.checkpoint(architecture))
    samples = hex_samples(HEX, tokenizer.encode)
    check_promises(samples)
    assert samples.tokens.shape == (3, 50, 18)
    texts = [tokenizer.auto.decode(sequence) for sequence in samples.tokens.reshape(-1, 18)]
    assert all(re.fullmatch("[0-9a-f]{18,}", text) for text in texts)
    assert set("".join(texts)) == set("0123456789abcdef")
    assert np.array_equal(samples.tokens, hex_samples(HEX, tokenizer.encode).tokens)


def test_long_hexadecimal_tokens() -> None:
    """A tokenizer that makes few tokens of a string is given longer ones; one that makes a single token is refused."""

    def by_eights(texts: Sequence[str]) -> list[TokenIds]:
        return [np.array([int(text[at : at + 7], 16) for at in range(0, len(text), 8)], np.int32) for text in texts]

    check_promises(hex_samples(HEX, by_eights))
    with pytest.raises(EvaluationError, match="fewer than 18 tokens of 1024 hexadecimal characters"):
        hex_samples(HEX, lambda texts: [np.zeros(1, np.int32) for _ in texts])


def test_too_few_tokens() -> None:
    """Two ids cannot give fifty different suffixes by chance: said, not looped for ever."""
    with pytest.raises(EvaluationError, match="too few different tokens"):
        random_token_samples(CopySpec(n_samples=1), np.arange(2))


def test_unique_parts() -> None:
    """Equal suffixes are seen, and a prefix that begins across two other sequences too."""
    sequences = np.arange(54, dtype=np.int32).reshape(3, 18)
    assert has_unique_parts(sequences)
    equal_suffix = sequences.copy()
    equal_suffix[2, 12:] = equal_suffix[0, 12:]
    assert not has_unique_parts(equal_suffix)
    across = sequences.copy()
    across[2, :12] = sequences.reshape(-1)[10:22]
    assert not has_unique_parts(across)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 1200), st.integers(0, 1))
def test_fitting(context: int, before: int) -> None:
    """What is left fits into the context, is a whole number of asked-for steps, and one step more would not fit."""
    samples = random_token_samples(CopySpec(n_samples=1), np.arange(100))
    needed = lambda n: before + 18 * n + 17  # noqa: E731
    if context < needed(5):
        with pytest.raises(EvaluationError, match=f"context holds {context:,} tokens"):
            samples.fitting(context, before)
        return
    fitting = samples.fitting(context, before)
    n = fitting.n_sequences
    assert np.array_equal(fitting.tokens, samples.tokens[:, :n])
    assert needed(n) <= context
    assert n % 5 == 0
    assert n == 50 or needed(n + 5) > context
    assert fitting.positions[-1] == n


def test_without_a_bound() -> None:
    """A model whose configuration sets no bound gets the whole test."""
    samples = random_token_samples(CopySpec(n_samples=1), np.arange(100))
    assert samples.fitting(None, 1) is samples


def test_specs_that_cannot_be() -> None:
    """No sample, or no sequence that is asked for: refused when it is written down."""
    for wrong in ({"n_samples": 0}, {"n_sequences": 4}, {"every": 0}, {"generator": "words"}):
        with pytest.raises(EvaluationError, match="cannot be made"):
            CopySpec(**wrong)  # type: ignore[arg-type]
    with pytest.raises(EvaluationError, match="asks for the generator hex"):
        random_token_samples(HEX, np.arange(100))


def test_drawable_tokens() -> None:
    """Neither special tokens, nor rows of the model beyond the tokenizer, nor ids beyond the model."""
    tokenizer = TextTokenizer.open(tiny_models.checkpoint("llama"))
    assert drawable_tokens(tokenizer, 512).tolist() == list(range(2, 500))
    assert drawable_tokens(tokenizer, 300).tolist() == list(range(2, 300))
    by_class = TextTokenizer(tokenizer.folder, None, tokenizer.auto)
    assert drawable_tokens(by_class, 512).tolist() == list(range(2, 500))
    with pytest.raises(EvaluationError, match="no token below 2 that is not special"):
        drawable_tokens(tokenizer, 2)
