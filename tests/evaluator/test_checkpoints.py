"""What makes a folder a checkpoint of a series, and the sentences where it is none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file

from evaluator.checkpoint_files import LocalFiles
from evaluator.checkpoints import ResolvedCheckpoint, fetch_weights, resolve
from exposure.checkpoint_series import CheckpointSource
from exposure.errors import CheckpointError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a checkpoint, to be harmed."""
    return Path(shutil.copytree(tiny_models.checkpoint("llama"), tmp_path / "copy"))


def resolved(folder: Path, step: int = 0) -> ResolvedCheckpoint:
    """The checkpoint in `folder`, its weight files checked."""
    files = LocalFiles.of(folder)
    checkpoint = resolve(CheckpointSource(step=step, path=str(folder)), files)
    fetch_weights(checkpoint, files)
    return checkpoint


def edit(path: Path, **changes: Any) -> None:
    """Change keys of a JSON file; None takes one out."""
    document = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))


def shard(folder: Path, size: str = "50KB") -> list[Path]:
    """Write the weights of a folder again, in many files."""
    model = tiny_models.model("llama")
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size=size)
    return sorted(folder.glob("model-*.safetensors"))


def test_whole_checkpoint(folder: Path) -> None:
    """A directory that transformers wrote resolves to its files, its vocabulary and its tokenizer."""
    checkpoint = resolved(folder, 7)
    assert (checkpoint.step, checkpoint.name, checkpoint.folder) == (7, str(folder), folder)
    assert checkpoint.weight_files == ("model.safetensors",)
    assert checkpoint.config["vocab_size"] == 512


def test_shards(folder: Path) -> None:
    """All files that the index names are the weights, and nothing else that lies there."""
    shards = shard(folder)
    save_file({"stray": torch.zeros(1)}, folder / "stray.safetensors")
    assert resolved(folder).weight_files == tuple(path.name for path in shards)
    assert len(shards) > 3


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def not_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def own_code(folder: Path) -> None:
    edit(folder / "config.json", auto_map={"AutoModelForCausalLM": "modeling.Mine"})


def quantised(folder: Path) -> None:
    edit(folder / "config.json", quantization_config={"quant_method": "gptq"})


def other_weights(folder: Path) -> None:
    edit(folder / "config.json", transformers_weights="../elsewhere.safetensors")


def unknown_model(folder: Path) -> None:
    edit(folder / "config.json", model_type="nobody-knows")


def encoder_decoder(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "t5", "is_encoder_decoder": True}))


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def missing_shard(folder: Path) -> None:
    shard(folder)[1].unlink()


def index_of_nothing(folder: Path) -> None:
    shard(folder)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": ["a"]}')


def tensor_in_no_shard(folder: Path) -> None:
    path = shard(folder)[0]
    tensors = load_file(path)
    tensors.pop(min(tensors))
    save_file(tensors, path)


def tensor_in_two_shards(folder: Path) -> None:
    first, second = shard(folder)[:2]
    save_file({**load_file(first), **load_file(second)}, second)


def truncated(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def no_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x80\x04K\x01." * 10)


def no_tensors(folder: Path) -> None:
    save_file({}, folder / "model.safetensors")


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("[]")


def adapter(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (without_config, r"holds no config\.json, so it is no model of transformers; it holds .*tokenizer\.json"),
        (not_json, r"its config\.json cannot be read"),
        (own_code, r"asks for code of its own \(auto_map in config\.json\), which is never run"),
        (quantised, "is quantised"),
        (other_weights, "names its weight file itself"),
        (unknown_model, r"model_type 'nobody-knows'.*install the transformers that wrote it"),
        (encoder_decoder, "only causal language models are evaluated"),
        (pickled, r"only as pickle \(pytorch_model\.bin\).*exposure convert-checkpoint \S+copy NEW_FOLDER"),
        (no_weights, r"holds no model\.safetensors and no model\.safetensors\.index\.json"),
        (missing_shard, r"lacks 1 of the \d+ files that model\.safetensors\.index\.json names: model-00002-of"),
        (index_of_nothing, "is no index of shards"),
        (tensor_in_no_shard, r"1 tensors that model\.safetensors\.index\.json names are in none of its files"),
        (tensor_in_two_shards, r"is in model-00001-of-\d+\.safetensors and again in model-00002"),
        (truncated, r"model\.safetensors holds [\d,]+ bytes of tensors, its header names [\d,]+: it was cut short"),
        (no_safetensors, r"model\.safetensors is no whole safetensors file"),
        (no_tensors, r"model\.safetensors holds no tensors"),
        (no_tokenizer, r"has no tokenizer \(tokenizer\.json\)\. Copy the one"),
        (broken_tokenizer, r"tokenizer\.json holds no object"),
        (adapter, "is an adapter"),
    ],
)
def test_what_is_refused(harm: Callable[[Path], None], sentence: str, folder: Path) -> None:
    """Each thing that cannot be loaded, or never is, gets its own sentence."""
    harm(folder)
    with pytest.raises(CheckpointError, match=sentence):
        resolved(folder)


def test_no_folder(tmp_path: Path) -> None:
    """A path that is not there, and one that is a file, are refused by name."""
    (tmp_path / "file").write_text("")
    for name in ("gone", "file"):
        with pytest.raises(CheckpointError, match=f"{name} is no folder"):
            resolved(tmp_path / name)


def test_cheap_digest_of_what_is_the_same(folder: Path, tmp_path: Path) -> None:
    """Links to one folder's files have its cheap digests; a copy has not, nor has a file that was written again."""
    linked = tmp_path / "linked"
    linked.mkdir()
    for path in folder.iterdir():
        (linked / path.name).symlink_to(path)
    first = resolved(folder)
    assert resolved(linked).cheap_digest == first.cheap_digest
    copied = resolved(Path(shutil.copytree(folder, tmp_path / "again")))
    assert copied.cheap_weights_digest != first.cheap_weights_digest
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes())
    os.utime(weights, ns=(0, 0))
    assert resolved(folder).cheap_weights_digest != first.cheap_weights_digest


def test_cheap_digest_covers_the_config(folder: Path) -> None:
    """Another config under the same weights is noticed."""
    first = resolved(folder)
    edit(folder / "config.json", rms_norm_eps=1e-3)
    second = resolved(folder)
    assert second.cheap_digest != first.cheap_digest
    assert second.cheap_weights_digest == first.cheap_weights_digest
    assert second.config_digest != first.config_digest


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vocab_size": 32_000}, "another vocabulary: 32,000, the series has 512"),
        ({"model_type": "mistral"}, "another architecture: mistral, the series has llama"),
        ({"num_hidden_layers": 3}, "another num_hidden_layers: 3, the series has 2"),
        ({"rms_norm_eps": 0.5}, "another rms_norm_eps: 0.5, the series has"),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 5.0}}, "another rope_parameters"),
    ],
)
def test_another_model(changes: dict[str, Any], sentence: str, folder: Path) -> None:
    """A checkpoint that computes another function than the first is refused by what differs."""
    edit(folder / "config.json", **changes)
    first = resolved(tiny_models.checkpoint("llama"))
    with pytest.raises(CheckpointError, match=f"is of another model than step 0 .*{sentence}"):
        resolved(folder, 100).refuse_other_model(first)


def test_differences_without_effect(folder: Path) -> None:
    """What a library notes in a config or sets out otherwise in a tokenizer makes no other model."""
    edit(folder / "config.json", transformers_version="4.30.0", dtype="float16", use_cache=False, attention_dropout=0.1)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["truncation"] = {"max_length": 9, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    tokenizer["model"]["merges"] = [" ".join(pair) for pair in tokenizer["model"]["merges"]]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, indent=7))
    edit(folder / "tokenizer_config.json", model_max_length=5, tokenizer_class="AnotherName")
    resolved(folder, 100).refuse_other_model(resolved(tiny_models.checkpoint("llama")))


@pytest.mark.parametrize("change", ["vocabulary", "merges", "begin", "prefix"])
def test_another_tokenizer(change: str, folder: Path) -> None:
    """A tokenizer that makes other ids of a text, or begins it otherwise, is refused."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    if change == "vocabulary":
        ids = tokenizer["model"]["vocab"]
        ids["a"], ids["b"] = ids["b"], ids["a"]
    elif change == "merges":
        tokenizer["model"]["merges"].reverse()
    elif change == "prefix":
        tokenizer["pre_tokenizer"]["add_prefix_space"] = True
    else:
        edit(folder / "tokenizer_config.json", bos_token="<|endoftext|>")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(CheckpointError, match="another tokenizer than the series"):
        resolved(folder, 100).refuse_other_model(resolved(tiny_models.checkpoint("llama")))
