"""Measures that share a pass: what one of them cannot do is said by name, and the others go on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from transformers import AutoConfig, AutoModelForCausalLM, ByT5Tokenizer, PreTrainedModel
from worded_pairs import NO_WORDS, few_pairs, measured_pairs

from evaluator.measures.attention.attention_items import weights_of
from evaluator.measures.attention.attention_measure import AttentionMeasure
from evaluator.measures.attention.attention_to_context import AttentionSpec
from evaluator.measures.checkpoint_measure import MeasuringCheckpoint
from evaluator.measures.concepts.concept_measure import ConceptMeasure
from evaluator.measures.concepts.concept_vectors import ConceptSpec
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.measures.pairs.pair_measure import PairFound, PairMeasure
from evaluator.measures.pairs.pair_pass import seen_inside
from evaluator.measures.pairs.paradigm_measures import ParadigmMeasures
from evaluator.measures.pairs.paradigm_sentences import paradigm_sentences
from evaluator.measures.pairs.unmeasured import unmeasured
from evaluator.measures.pairs.wanted import Wanted
from evaluator.memory import TokenBudget
from exposure.errors import EvaluationError
from exposure.pairs import OnePrefix

BOTH = ("attention", "concept-vectors")
FEW = ConceptSpec(draws=9, rank_draws=4, rank_pairs=5, resamples=2)


def measures(pairs: MeasuredPairs) -> dict[str, PairMeasure]:
    return {"attention": AttentionMeasure(pairs, resamples=9), "concept-vectors": ConceptMeasure(pairs, asked=FEW)}


def checkpoint(model: PreTrainedModel, folder: Path, notes: list[str] | None = None) -> MeasuringCheckpoint:
    """As far as measures of pairs look at one."""
    weights: Any = SimpleNamespace(step=3, checkpoint=SimpleNamespace(folder=folder, name="step-3"))
    heard = [] if notes is None else notes
    return MeasuringCheckpoint(weights, model, TokenBudget(4096), heard.append, lambda _done, _total: None)


def measured(
    model: PreTrainedModel, folder: Path, pairs: MeasuredPairs | None = None
) -> dict[str, PairFound | EvaluationError]:
    pairs = pairs or measured_pairs(few_pairs())
    return ParadigmMeasures(pairs, measures(pairs)).measure(BOTH, checkpoint(model, folder))


def uids_of(found: PairFound | EvaluationError) -> set[str]:
    assert isinstance(found, PairFound)
    return {row.group for row in found.rows}


def notes_of(found: PairFound | EvaluationError) -> tuple[str, ...]:
    assert isinstance(found, PairFound)
    return found.notes


def test_paradigms_without_a_word_have_states_and_no_attention() -> None:
    """Every other paradigm has both."""
    found = measured(tiny_models.model("llama"), tiny_models.checkpoint("llama"))
    assert uids_of(found["concept-vectors"]) - uids_of(found["attention"]) == {NO_WORDS}
    assert len(uids_of(found["attention"])) == 3
    assert notes_of(found["attention"]) == (f"Of {NO_WORDS} there is nothing, since no critical word is named.",)
    assert notes_of(found["concept-vectors"]) == ()


def test_a_position_that_a_paradigm_has_not_is_said_though_another_has_values() -> None:
    """By paradigm and position, and the words of the paradigms that have it are none the less measured."""
    pairs = measured_pairs(few_pairs())
    both = {"concept-vectors": ConceptMeasure(pairs, ("last-token", "critical"), asked=FEW)}
    here = checkpoint(tiny_models.model("llama"), tiny_models.checkpoint("llama"))
    found = ParadigmMeasures(pairs, both).measure(["concept-vectors"], here)["concept-vectors"]
    assert len(uids_of(found)) == 4
    (note,) = notes_of(found)
    assert note == (
        f"Of {NO_WORDS} there is nothing at the position critical, since fewer than two pairs have it on both sides."
    )


def test_of_many_paradigms_five_are_named_and_the_rest_counted() -> None:
    """A sentence for each reason, in the order of paradigms."""
    found = {f"p{number}": PairFound(notes=("nothing, since so",)) for number in range(8)}
    found["other"] = PairFound(notes=("nothing at all",))
    assert unmeasured({**found, "whole": PairFound()}) == (
        "Of p0, p1, p2, p3, p4 and 3 more there is nothing, since so.",
        "Of other there is nothing at all.",
    )
    assert unmeasured(dict(list(found.items())[:5])) == ("Of p0, p1, p2, p3, p4 there is nothing, since so.",)


def test_a_model_whose_attention_cannot_be_watched_has_concept_vectors() -> None:
    """BLOOM's does not go through transformers' interface; its blocks are found."""
    config = AutoConfig.for_model("bloom", vocab_size=512, hidden_size=16, n_layer=2, n_head=2)
    bloom = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    found = measured(bloom, tiny_models.checkpoint("llama"))
    with pytest.raises(EvaluationError, match="attention of this bloom model cannot be watched"):
        raise found["attention"]  # type: ignore[misc]
    assert len(uids_of(found["concept-vectors"])) == 4


def test_a_last_layer_of_another_width_is_refused_by_name() -> None:
    """OPT 350M projects what its blocks give before it is unembedded; attention is measured."""
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 16}
    config = AutoConfig.for_model("opt", vocab_size=512, word_embed_proj_dim=8, do_layer_norm_before=False, **shape)
    found = measured(AutoModelForCausalLM.from_config(config).eval(), tiny_models.checkpoint("llama"))
    with pytest.raises(EvaluationError, match="this opt model have states of 16 numbers, and its unembedding reads 8"):
        raise found["concept-vectors"]  # type: ignore[misc]
    assert len(uids_of(found["attention"])) == 3


def test_a_model_whose_blocks_are_not_found_has_attention_refused_or_not_by_itself() -> None:
    """Neither measure takes the other with it."""
    model = tiny_models.model("gpt2")
    model.config.num_hidden_layers = 5
    found = measured(model, tiny_models.checkpoint("gpt2"))
    with pytest.raises(EvaluationError, match="gpt2 model has 0 lists of 5 blocks"):
        raise found["concept-vectors"]  # type: ignore[misc]
    with pytest.raises(EvaluationError, match="Of the 5 layers of this gpt2 model"):
        raise found["attention"]  # type: ignore[misc]


def test_a_tokenizer_without_its_file_is_refused_by_name(tmp_path: Path) -> None:
    """ByT5's has none: which characters a token holds is not guessed."""
    ByT5Tokenizer(bos_token="</s>").save_pretrained(tmp_path)
    assert not (tmp_path / "tokenizer.json").exists()
    for error in measured(tiny_models.model("llama"), tmp_path).values():
        with pytest.raises(EvaluationError, match=r"has no tokenizer\.json"):
            raise error  # type: ignore[misc]


def test_sentences_that_are_longer_than_what_is_scored_of_them_are_refused_by_name() -> None:
    """By one-prefix scoring a pair's sentences are never fed; GPT-2 has no place for these, and Llama no number."""
    long = "The cats sleep " + "and sleep " * 40
    words = OnePrefix("The cats", "sleep", "sleeps")
    pairs = measured_pairs([*few_pairs()[:4], replace(few_pairs()[0], sentence_good=long, one_prefix=words)])
    for architecture in ("gpt2", "llama"):
        for error in measured(tiny_models.model(architecture), tiny_models.checkpoint(architecture), pairs).values():
            with pytest.raises(EvaluationError, match=f"{few_pairs()[0].name} has a sentence of"):
                raise error  # type: ignore[misc]


def test_a_state_that_is_not_finite_ends_the_one_measure() -> None:
    """By the paradigm's name; attention, which is finite, is measured."""
    model = tiny_models.model("llama")
    with torch.no_grad():
        model.model.norm.weight[0] = torch.nan
    found = measured(model, tiny_models.checkpoint("llama"))
    with pytest.raises(EvaluationError, match=r"anaphor_gender_agreement: A hidden state is not finite"):
        raise found["concept-vectors"]  # type: ignore[misc]
    assert len(uids_of(found["attention"])) == 3


@dataclass
class Failing:
    """A measure that fails at one paradigm, and one that is never shown the next."""

    uid: str
    seen: list[str] = field(default_factory=list)
    spec: dict[str, Any] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=lambda: Wanted(("last-word",)))

    def refuse(self, model: PreTrainedModel) -> None: ...

    def measure(self, seen: object, sentences: Any, step: int) -> PairFound:
        assert seen is not None
        assert step == 3
        self.seen.append(sentences.uid)
        if sentences.uid == self.uid:
            raise EvaluationError("it fails")
        return PairFound()


def test_a_measure_that_fails_is_asked_no_more_and_the_others_are() -> None:
    """And of the next checkpoint it is asked again."""
    failing, other = Failing("corner_cases"), Failing("")
    shared = ParadigmMeasures(measured_pairs(few_pairs()), {"failing": failing, "other": other})
    for _ in range(2):
        here = checkpoint(tiny_models.model("llama"), tiny_models.checkpoint("llama"))
        found = shared.measure(["failing", "other"], here)
        assert str(found["failing"]) == "corner_cases: it fails"
        assert found["other"] == PairFound()
    assert failing.seen == ["anaphor_gender_agreement", "corner_cases"] * 2
    assert len(other.seen) == 8


def test_a_batch_that_does_not_fit_is_halved_and_the_same_is_seen() -> None:
    """With a note; where not one sentence fits, that is said."""
    pairs, wanted = measured_pairs(few_pairs()), Wanted(("last-word", "critical"), attention=AttentionSpec())
    folder = tiny_models.checkpoint("llama")
    model, limit = tiny_models.model("llama"), 2

    def fail(_: object, __: object, given: dict[str, Any]) -> None:
        if len(given["input_ids"]) > limit:
            raise torch.cuda.OutOfMemoryError

    notes: list[str] = []
    for one in paradigm_sentences(folder, pairs, wanted):
        whole = seen_inside(model, one, wanted, budget=TokenBudget(4096), where="here")
        hook = model.base_model.register_forward_pre_hook(fail, with_kwargs=True)
        few = seen_inside(model, one, wanted, budget=TokenBudget(64), where="here", on_note=notes.append)
        hook.remove()
        for states, same in zip(whole.states, few.states, strict=True):
            np.testing.assert_allclose(states.good, same.good, atol=5e-5)
        if whole.attention is not None and few.attention is not None:
            np.testing.assert_allclose(whole.attention.weight, few.attention.weight, atol=5e-5)
    assert "Memory ran out" in notes[0]
    limit = 0
    model.base_model.register_forward_pre_hook(fail, with_kwargs=True)
    with pytest.raises(EvaluationError, match="here: not one of the sentences"):
        seen_inside(model, one, wanted, budget=TokenBudget(64), where="here")


def test_items_give_back_the_weights_of_any_pairs_in_any_order() -> None:
    """Those without words are unknown; weights are kept in fp32, and of the controls the one that is named."""
    pairs = measured_pairs(few_pairs())
    for spec in (AttentionSpec(), AttentionSpec(control="same-query")):
        wanted = Wanted(attention=spec)
        measure = AttentionMeasure(pairs, spec, resamples=9)
        for one in paradigm_sentences(tiny_models.checkpoint("llama"), pairs, wanted):
            seen = seen_inside(tiny_models.model("llama"), one, wanted, budget=TokenBudget(4096), where="here")
            items = measure.measure(seen, one, 1).items
            assert (items is None) == (one.uid == NO_WORDS)
            if items is None or seen.attention is None:
                continue
            places = np.array([*one.pairs[::-1], 10_000])
            back = weights_of(items, places, spec)
            for name in ("weight", "control", "entropy", "uniform"):
                np.testing.assert_allclose(
                    getattr(back, name)[:-1], getattr(seen.attention, name)[::-1], atol=1e-6, err_msg=name
                )
            assert not back.is_known[-1]
            other = back.same_query if spec.control == "same-distance" else back.same_distance
            assert np.isnan(other).all()
