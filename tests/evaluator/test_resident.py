"""One resident model: weights overwritten in place are the weights that from_pretrained loads, whatever the names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import tiny_models
import torch
from loaded_checkpoints import delivered
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, MixtralConfig, PreTrainedModel

from evaluator import resident as resident_module
from evaluator.in_place import is_proven, told_apart
from evaluator.prefetch import LoadedWeights, prefetched
from evaluator.resident import ResidentModel
from evaluator.weight_names import NamePlan, name_plan, storages
from exposure.checkpoint_series import CheckpointSource
from exposure.errors import CheckpointError

CPU = torch.device("cpu")


@pytest.fixture
def no_second_load(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Once called, from_pretrained may not be used any more."""

    def forbid() -> None:
        def refuse(*args: object) -> None:
            raise AssertionError("loaded by from_pretrained")

        monkeypatch.setattr(resident_module, "reference_model", refuse)

    return forbid


def plain(folder: Path, dtype: torch.dtype = torch.float32, attention: str = "sdpa") -> PreTrainedModel:
    """What anybody would load."""
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=attention)
    return model


def assert_same_model(model: PreTrainedModel, expected: PreTrainedModel) -> None:
    """The same class, the same tensors bit by bit, the same logits."""
    assert type(model) is type(expected)
    assert not any(module.training for module in model.modules())
    ours, theirs = model.state_dict(), expected.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype
        assert torch.equal(ours[name].view(torch.uint8), tensor.view(torch.uint8)), name
    ids = torch.arange(40).reshape(2, 20)  # [sentence, token]
    with torch.no_grad():
        assert torch.equal(model(input_ids=ids).logits, expected(input_ids=ids).logits)


def rewritten(source: Path, folder: Path, tensors: dict[str, torch.Tensor]) -> Path:
    """A checkpoint with other weights."""
    shutil.copytree(source, folder, ignore=lambda *_: ["model.safetensors"])
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def weights_of(architecture: str, seed: int = 0) -> dict[str, torch.Tensor]:
    return load_file(tiny_models.checkpoint(architecture, seed) / "model.safetensors")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("architecture", list(tiny_models.SHAPES))
def test_in_place(architecture: str, dtype: torch.dtype, no_second_load: Callable[[], None]) -> None:
    """Checkpoints overwritten in place, to and fro, are what from_pretrained loads, in storages that never change."""
    folders = [tiny_models.checkpoint(architecture, seed) for seed in (0, 1)]
    expected = [plain(folder, dtype) for folder in folders]
    first, second = delivered(*folders)
    resident = ResidentModel(CPU, dtype)
    model = resident.load(first)
    assert_same_model(model, expected[0])
    places = {name: tensor.data_ptr() for name, tensor in model.state_dict().items()}
    no_second_load()
    for weights, other in ((second, expected[1]), (first, expected[0])):
        assert resident.load(weights) is model
        assert_same_model(model, other)
    assert {name: tensor.data_ptr() for name, tensor in model.state_dict().items()} == places
    assert resident.notes == []


def test_trained_weights(no_second_load: Callable[[], None]) -> None:
    """Weights in which nothing is one or zero any more go the same way."""
    folders = [tiny_models.trained_checkpoint("gpt2", 20), tiny_models.checkpoint("gpt2", 1)]
    first, second = delivered(*folders)
    resident = ResidentModel(CPU, torch.float32)
    assert_same_model(resident.load(first), plain(folders[0]))
    expected = plain(folders[1])
    no_second_load()
    assert_same_model(resident.load(second), expected)


def hub_names(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """GPT-2 as on the hub: no `transformer.`, and masks among the weights."""
    named = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    return {**named, "h.0.attn.bias": torch.ones(1, 1, 8, 8), "h.1.attn.bias": torch.ones(1, 1, 8, 8)}


def test_names_without_the_prefix(tmp_path: Path, no_second_load: Callable[[], None]) -> None:
    """Names of the base model alone, as GPT-2's on the hub, with buffers of old versions, are mapped."""
    source = tiny_models.checkpoint("gpt2")
    folders = [rewritten(source, tmp_path / str(seed), hub_names(weights_of("gpt2", seed))) for seed in (0, 1)]
    first, second = delivered(*folders)
    resident = ResidentModel(CPU, torch.float32)
    resident.load(first)
    no_second_load()
    assert_same_model(resident.load(second), plain(tiny_models.checkpoint("gpt2", 1)))


@pytest.mark.parametrize("both", [False, True])
def test_tied_weights(both: bool, tmp_path: Path, no_second_load: Callable[[], None]) -> None:
    """Tied embeddings stay one storage, whether the file names them by the other name, or by both."""
    folders = []
    for seed in (0, 1):
        tensors = weights_of("gpt2", seed)
        tensors["lm_head.weight"] = tensors["transformer.wte.weight"].clone()
        if not both:
            del tensors["transformer.wte.weight"]
        folders.append(rewritten(tiny_models.checkpoint("gpt2"), tmp_path / str(seed), tensors))
    first, second = delivered(*folders)
    resident = ResidentModel(CPU, torch.float32)
    model = resident.load(first)
    no_second_load()
    assert_same_model(resident.load(second), plain(tiny_models.checkpoint("gpt2", 1)))
    embedding = model.get_input_embeddings().weight
    assert embedding.data_ptr() == model.get_output_embeddings().weight.data_ptr()


def test_ties_that_come_undone(tmp_path: Path) -> None:
    """Two values for what is one weight in the series is another model, and nothing is overwritten by it."""
    tied = weights_of("gpt2")
    tied["lm_head.weight"] = tied["transformer.wte.weight"].clone()
    first = rewritten(tiny_models.checkpoint("gpt2"), tmp_path / "tied", tied)
    untied = rewritten(
        tiny_models.checkpoint("gpt2"), tmp_path / "untied", {**tied, "lm_head.weight": torch.ones(512, 48)}
    )
    resident = ResidentModel(CPU, torch.float32)
    one, other = delivered(first, untied)
    model = resident.load(one)
    with pytest.raises(CheckpointError, match=r"different values for lm_head\.weight and transformer\.wte\.weight"):
        resident.load(other)
    assert_same_model(model, plain(first))


def test_untied_from_the_beginning(tmp_path: Path, no_second_load: Callable[[], None]) -> None:
    """Where from_pretrained itself takes two values for two weights, so does every later checkpoint."""
    folders = []
    for seed in (0, 1):
        tensors = {**weights_of("gpt2", seed), "lm_head.weight": torch.full((512, 48), seed + 1.0)}
        folders.append(rewritten(tiny_models.checkpoint("gpt2"), tmp_path / str(seed), tensors))
    first, second = delivered(*folders)
    resident = ResidentModel(CPU, torch.float32)
    resident.load(first)
    expected = plain(folders[1])
    no_second_load()
    assert_same_model(resident.load(second), expected)


def mixture(folder: Path, seed: int) -> Path:
    """A model whose experts' weights transformers merges when it loads them."""
    shape: dict[str, Any] = {**tiny_models.SHAPES["llama"], "num_local_experts": 2, "num_experts_per_tok": 1}
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(MixtralConfig(**shape), dtype=torch.float32)
    return tiny_models.saved(folder, model, tiny_models.tokenizer_of("llama"))


def test_weights_that_are_merged(tmp_path: Path) -> None:
    """Where names do not map one to one, each checkpoint is loaded by from_pretrained, into the same storages."""
    folders = [mixture(tmp_path / str(seed), seed) for seed in (0, 1)]
    first, second = delivered(*folders)
    resident = ResidentModel(CPU, torch.float32)
    model = resident.load(first)
    assert_same_model(model, plain(folders[0]))
    places = {name: tensor.data_ptr() for name, tensor in model.state_dict().items()}
    assert "from_pretrained loads each checkpoint" in resident.notes[0]
    assert resident.load(second) is model
    assert_same_model(model, plain(folders[1]))
    assert {name: tensor.data_ptr() for name, tensor in model.state_dict().items()} == places


def test_names_that_change_on_the_way(tmp_path: Path) -> None:
    """A checkpoint that names its tensors otherwise than the first is loaded by from_pretrained, and is right."""
    source = tiny_models.checkpoint("gpt2")
    later = rewritten(source, tmp_path / "later", hub_names(weights_of("gpt2", 1)))
    first, second = delivered(source, later)
    resident = ResidentModel(CPU, torch.float32)
    resident.load(first)
    assert_same_model(resident.load(second), plain(tiny_models.checkpoint("gpt2", 1)))


def test_a_wrong_plan_is_not_proven() -> None:
    """Two norms that change places are found out, also before training, when both are ones."""
    folder = tiny_models.checkpoint("llama")
    model, tensors = plain(folder), weights_of("llama")
    right = name_plan(model, tensors)
    assert right is not None
    one, other = "model.layers.0.input_layernorm.weight", "model.layers.0.post_attention_layernorm.weight"
    assert torch.equal(tensors[one], tensors[other])
    swap = {one: other, other: one}
    wrong = replace(right, sources=tuple(tuple(swap.get(name, name) for name in names) for names in right.sources))
    told = told_apart(right, tensors)
    assert told is not None
    assert not torch.equal(told[one], told[other])
    expected = [told[names[0]] for names in right.sources]
    assert is_proven(right, storages(model), told, expected)
    assert not is_proven(wrong, storages(model), told, expected)


def test_a_storage_that_is_left_out_is_not_proven() -> None:
    """Assigning a tensor to another's storage leaves one unassigned, which is found out."""
    model, tensors = plain(tiny_models.checkpoint("llama")), weights_of("llama")
    right = name_plan(model, tensors)
    assert right is not None
    expected = [tensors[names[0]] for names in right.sources]
    wrong = NamePlan((right.sources[0], right.sources[0], *right.sources[2:]), right.names)
    assert not is_proven(wrong, storages(model), tensors, expected)


def test_an_unproven_first_checkpoint_is_still_right() -> None:
    """Where the proof fails the weights are from_pretrained's, and the note says so."""
    folder = tiny_models.checkpoint("llama")
    (weights,) = delivered(folder)
    resident = ResidentModel(CPU, torch.float32)
    with patch.object(resident_module, "is_proven", lambda *_: False):
        model = resident.load(weights)
    assert_same_model(model, plain(folder))
    assert len(resident.notes) == 1


def test_attention_is_chosen() -> None:
    """The attention that is asked for is the one that is used."""
    (weights,) = delivered(tiny_models.checkpoint("llama"))
    for attention in ("sdpa", "eager"):
        model = ResidentModel(CPU, torch.float32, attention).load(weights)  # type: ignore[arg-type]
        assert model.config._attn_implementation == attention
        assert_same_model(model, plain(tiny_models.checkpoint("llama"), attention=attention))


def test_the_same_weights_are_loaded_once(no_second_load: Callable[[], None]) -> None:
    """Asking twice for what is there already does nothing."""
    (weights,) = delivered(tiny_models.checkpoint("llama"))
    resident = ResidentModel(CPU, torch.float32)
    model = resident.load(weights)
    no_second_load()
    model.get_output_embeddings().weight.zero_()
    assert resident.load(weights) is model
    assert model.get_output_embeddings().weight.abs().max() == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("missing", r"lacks tensors that its model needs: model\.norm\.weight"),
        ("unexpected", r"has tensors that its model has no place for: v_head"),
        ("shape", r"has tensors of other shapes than its config says: model\.norm\.weight"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_weights_of_another_model(change: str, sentence: str, is_first: bool, tmp_path: Path) -> None:
    """Missing, superfluous and misshapen tensors are refused by name, and the next checkpoint is loaded."""
    tensors = weights_of("llama", 1)
    if change == "missing":
        del tensors["model.norm.weight"]
    elif change == "unexpected":
        tensors["v_head"] = torch.zeros(3)
    elif change == "shape":
        tensors["model.norm.weight"] = torch.ones(7)
        sentence = sentence if is_first else r"model\.norm\.weight has shape \(7,\), its model's has \(48,\)"
    folder = rewritten(tiny_models.checkpoint("llama"), tmp_path / "harmed", tensors)
    good = tiny_models.checkpoint("llama")
    resident = ResidentModel(CPU, torch.float32)
    for weights in delivered(*([folder, good] if is_first else [good, folder, good])):
        if weights.checkpoint.folder == folder:
            with pytest.raises(CheckpointError, match=sentence):
                resident.load(weights)
        else:
            assert_same_model(resident.load(weights), plain(good))


def test_model_of_another_kind(tmp_path: Path) -> None:
    """What was no causal language model is not made one."""
    folder = Path(shutil.copytree(tiny_models.checkpoint("llama"), tmp_path / "masked"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": ["BertForMaskedLM"]}))
    with pytest.raises(CheckpointError, match="is a BertForMaskedLM; as a causal language model"):
        ResidentModel(CPU, torch.float32).load(*delivered(folder))


def test_another_vocabulary_is_refused() -> None:
    """Weights of another model never get into the resident one, even where their shapes would fit."""
    first, other = delivered(tiny_models.checkpoint("llama"))[0], delivered(tiny_models.checkpoint("qwen2"))[0]
    resident = ResidentModel(CPU, torch.float32)
    resident.load(first)
    with pytest.raises(CheckpointError, match="another architecture: qwen2, the series has llama"):
        resident.load(other)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("architecture", tiny_models.ARCHITECTURES)
def test_on_a_gpu(architecture: str, dtype: torch.dtype, no_second_load: Callable[[], None]) -> None:
    """Weights copied to a GPU from page-locked memory are, bit by bit, those that from_pretrained puts there."""
    folders = [tiny_models.checkpoint(architecture, seed) for seed in (0, 1, 2)]
    expected = [plain(folder, dtype).cuda().state_dict() for folder in folders]
    sources = [CheckpointSource(step=step, path=str(folder)) for step, folder in enumerate(folders)]
    resident = ResidentModel(torch.device("cuda"), dtype)
    with prefetched(sources, pin=True) as arrivals:
        for arrival in arrivals:
            assert isinstance(arrival, LoadedWeights)
            assert all(tensor.is_pinned() for tensor in arrival.tensors.values())
            loaded = resident.load(arrival).state_dict()
            no_second_load()
            for name, tensor in expected[arrival.step].items():
                assert torch.equal(loaded[name], tensor), name
    assert resident.notes == []
