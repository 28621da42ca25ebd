"""One shared pass over a paradigm's sentences, against every sentence alone, read by hand (slow_insides.py).

Everywhere to 5e-5 absolutely, of states with components of about 1 and of weights in 0 … 1: fp32, in which eager and
fused attention, and batches of other sizes, add up in another order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import pytest
import tiny_models
from slow_insides import Inside, Reading
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from worded_pairs import NO_WORDS, CountedTokens, few_pairs, measured_pairs, words_of

from evaluator.conventions import Prefix
from evaluator.measures.attention.attention_to_context import AttentionSpec, AttentionWeights
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.measures.pairs.pair_pass import seen_inside
from evaluator.measures.pairs.paradigm_sentences import ParadigmSentences, paradigm_sentences
from evaluator.measures.pairs.seen_inside import PositionStates, SeenInside
from evaluator.measures.pairs.wanted import Wanted
from evaluator.memory import TokenBudget
from exposure.pairs import MinimalPair
from exposure.phrases import Side

ATOL = 5e-5
POSITIONS = ("last-word", "last-token", "critical")
SPECS = [AttentionSpec(*one) for one in product(("good", "bad"), ("sum", "mean"), ("same-distance", "same-query"))]
MAPS = ("weight", "same_distance", "same_query", "entropy", "uniform")


@dataclass(frozen=True)
class Feeding:
    """How sentences are fed."""

    prefix: Prefix = "bos"
    lead_space: bool = False


FEEDINGS = (Feeding(), Feeding("none"), Feeding("bos", True))


@cache
def eager(architecture: str) -> PreTrainedModel:
    return tiny_models.model(architecture, attn_implementation="eager")


@cache
def special_of(architecture: str) -> PreTrainedTokenizerFast:
    return tiny_models.tokenizer_of(architecture)


@cache
def counted(architecture: str, sentence: str, feeding: Feeding) -> CountedTokens:
    special = special_of(architecture)
    prefix = special.bos_token_id if special.bos_token_id is not None else special.eos_token_id
    return CountedTokens.of(
        special, sentence, prefix if feeding.prefix == "bos" else None, " " if feeding.lead_space else ""
    )


@cache
def alone(architecture: str, sentence: str, feeding: Feeding) -> Inside:
    return Inside.of(eager(architecture), counted(architecture, sentence, feeding).ids)


@cache
def pairs_fed(feeding: Feeding) -> MeasuredPairs:
    return measured_pairs(few_pairs(), feeding.prefix, feeding.lead_space)


def seen(
    architecture: str, feeding: Feeding, wanted: Wanted, tokens: int = 4096, model: PreTrainedModel | None = None
) -> list[tuple[ParadigmSentences, SeenInside]]:
    """Of all paradigms, in their order."""
    model = model or tiny_models.model(architecture)
    made = paradigm_sentences(tiny_models.checkpoint(architecture), pairs_fed(feeding), wanted)
    return [(one, seen_inside(model, one, wanted, budget=TokenBudget(tokens), where="here")) for one in made]


def sentence_of(pair: MinimalPair, side: Side) -> str:
    return pair.sentence_good if side == "good" else pair.sentence_bad


def token_of(architecture: str, feeding: Feeding, number: int, side: Side, position: str) -> int | None:
    """The token whose state is wanted, of one side of a pair of few_pairs()."""
    pair = few_pairs()[number]
    held, words = counted(architecture, sentence_of(pair, side), feeding), words_of(pair, number, side)
    if position == "last-token":
        return len(held.ids) - 1
    found = held.last_word if position == "last-word" else None if words is None else held.tokens(words.critical)
    return found[-1] if found else None


def assert_states(
    architecture: str, feeding: Feeding, sentences: ParadigmSentences, states: PositionStates, is_raw: bool
) -> int:
    """Every pair that has the position on both sides is there, and no other; returns how many."""
    there = []
    for at, number in enumerate(sentences.pairs.tolist()):
        tokens = [token_of(architecture, feeding, number, side, states.position) for side in ("good", "bad")]
        if None not in tokens:
            there.append((at, number, tokens))
    assert states.pairs.tolist() == [at for at, _, _ in there]
    for place, (_, number, tokens) in enumerate(there):
        for side, token, found in zip(("good", "bad"), tokens, (states.good, states.bad), strict=True):
            expected = alone(architecture, sentence_of(few_pairs()[number], side), feeding).layers(token, is_raw)
            np.testing.assert_allclose(found[:, place], expected, atol=ATOL, err_msg=f"{number} {side}")
    return len(there)


def assert_attention(
    architecture: str, feeding: Feeding, sentences: ParadigmSentences, found: AttentionWeights, spec: AttentionSpec
) -> dict[str, int]:
    """Weights, both controls, entropy and the uniform weight; returns how many pairs have each."""
    known = dict.fromkeys(MAPS, 0)
    for at, number in enumerate(sentences.pairs.tolist()):
        expected = expected_attention(architecture, feeding, number, spec)
        for name, value in expected.items():
            known[name] += value is not None
            np.testing.assert_allclose(
                getattr(found, name)[at], np.nan if value is None else value, atol=ATOL, err_msg=f"{number} {name}"
            )
    return known


def expected_attention(
    architecture: str, feeding: Feeding, number: int, spec: AttentionSpec
) -> dict[str, np.ndarray | float | None]:
    pair = few_pairs()[number]
    sentence, words = sentence_of(pair, spec.side), words_of(pair, number, spec.side)
    held = counted(architecture, sentence, feeding)
    reading = None if words is None else Reading.of(held, words.critical, words.context)
    if reading is None:
        return dict.fromkeys(MAPS)
    inside, source = alone(architecture, sentence, feeding), reading.source[-1]
    shifted, nearby = reading.same_distance, reading.same_query
    return {
        "weight": inside.on(source, reading.target, spec),
        "same_distance": None if shifted is None else inside.on(*shifted, spec),
        "same_query": None if nearby is None else inside.on(source, nearby, spec),
        "entropy": inside.entropy(source),
        "uniform": (len(reading.target) if spec.tokens == "sum" else 1) / (source + 1),
    }


CASES = [
    *((architecture, feeding) for architecture in tiny_models.ARCHITECTURES for feeding in FEEDINGS),
    ("qwen2", Feeding()),
    ("olmo2", Feeding()),
]


@pytest.mark.parametrize(("architecture", "feeding"), CASES)
def test_states_are_those_of_every_sentence_alone(architecture: str, feeding: Feeding) -> None:
    """Three positions, two sides, the last layer after the final norm and before it; pairs in their order."""
    for is_raw in (False, True):
        found = seen(architecture, feeding, Wanted(POSITIONS, is_raw))
        assert [one.uid for one, _ in found] == sorted(one.uid for one, _ in found)
        numbers = sorted(number for one, _ in found for number in one.pairs.tolist())
        assert numbers == [n for n, pair in enumerate(few_pairs()) if not pair.is_bare_phrase]
        counts = dict.fromkeys(POSITIONS, 0)
        for sentences, inside in found:
            assert tuple(one.position for one in inside.states) == POSITIONS
            assert inside.attention is None
            for states in inside.states:
                counts[states.position] += assert_states(architecture, feeding, sentences, states, is_raw)
        assert counts["last-token"] == len(numbers)
        assert counts["last-token"] > counts["last-word"] > counts["critical"] > 10


@pytest.mark.parametrize(("architecture", "feeding"), CASES)
def test_attention_is_that_of_every_sentence_alone(architecture: str, feeding: Feeding) -> None:
    """Both sides, sum and mean, and both controls, whose places are found by trying all."""
    for spec in SPECS:
        counts = dict.fromkeys(MAPS, 0)
        for sentences, inside in seen(architecture, feeding, Wanted(attention=spec)):
            assert inside.states == ()
            if sentences.uid == NO_WORDS:
                assert inside.attention is None
                continue
            assert inside.attention is not None
            np.testing.assert_array_equal(
                inside.attention.control, getattr(inside.attention, spec.control.replace("-", "_"))
            )
            for name, n in assert_attention(architecture, feeding, sentences, inside.attention, spec).items():
                counts[name] += n
        assert counts["weight"] == counts["uniform"] > 15
        assert 5 < counts["same_distance"] < counts["weight"]
        assert 5 < counts["same_query"] < counts["weight"]


@pytest.mark.parametrize("architecture", ["gpt_neox", "gpt2"])
def test_one_pass_for_both_and_batches_of_any_size_give_the_same(architecture: str) -> None:
    """One sentence a batch, a few, or all of a length; states and attention together or each alone."""
    both = Wanted(POSITIONS, attention=AttentionSpec("bad"))
    whole, single, few = (seen(architecture, Feeding(), both, tokens) for tokens in (10**6, 1, 30))
    states = seen(architecture, Feeding(), Wanted(POSITIONS))
    attention = seen(architecture, Feeding(), Wanted(attention=AttentionSpec("bad")))
    for number, (_, expected) in enumerate(whole):
        for other in (single, few, states):
            for one, same in zip(expected.states, other[number][1].states, strict=True):
                np.testing.assert_array_equal(one.pairs, same.pairs)
                np.testing.assert_allclose(one.good, same.good, atol=ATOL)
                np.testing.assert_allclose(one.bad, same.bad, atol=ATOL)
        for other in (single, few, attention):
            of = other[number][1].attention
            assert (of is None) == (expected.attention is None)
            for name in MAPS if of is not None else ():
                np.testing.assert_allclose(getattr(of, name), getattr(expected.attention, name), atol=ATOL)


def test_sentences_are_fed_once_however_many_pairs_share_them() -> None:
    """And nothing is fed where nothing is wanted of it."""
    model, fed = tiny_models.model("llama"), list[int]()
    model.base_model.register_forward_pre_hook(
        lambda _, __, given: fed.append(len(given["input_ids"])), with_kwargs=True
    )
    seen("llama", Feeding(), Wanted(("last-token",)), model=model)
    by_uid = [(pair.uid, text) for pair in few_pairs() for text in (pair.sentence_good, pair.sentence_bad) if text]
    assert sum(fed) == len(set(by_uid)) < len(by_uid)
    fed.clear()
    seen("llama", Feeding(), Wanted(attention=AttentionSpec()), tokens=1, model=model)
    words = {
        (pair.uid, pair.sentence_good)
        for number, pair in enumerate(few_pairs())
        if expected_attention("llama", Feeding(), number, AttentionSpec())["weight"] is not None
    }
    assert sum(fed) == len(words)


def test_16_bit_models_give_what_they_compute_in_fp32() -> None:
    """States are those of the 16-bit model, not rounded again; rows of attention sum to 1."""
    wanted = Wanted(("last-word",), attention=AttentionSpec())
    exact = seen("gpt_neox", Feeding(), wanted)
    for dtype in ("bfloat16", "float16"):
        model = getattr(tiny_models.model("gpt_neox"), "bfloat16" if dtype == "bfloat16" else "half")()
        for (_, one), (_, other) in zip(exact, seen("gpt_neox", Feeding(), wanted, model=model), strict=True):
            assert other.states[0].good.dtype == np.float32
            np.testing.assert_allclose(one.states[0].good, other.states[0].good, atol=0.15)
            assert (one.attention is None) == (other.attention is None)
            if one.attention is not None and other.attention is not None:
                np.testing.assert_allclose(one.attention.weight, other.attention.weight, atol=0.03)
