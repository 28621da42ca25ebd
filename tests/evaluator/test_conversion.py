"""Pickled weights become safetensors in a process apart, or a sentence; nothing in a pickle is ever run."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import tiny_models
import torch
from fake_hub import fake_hub
from loaded_checkpoints import delivered
from safetensors.torch import load_file
from shell import assert_sentence, exposure
from transformers import AutoModelForCausalLM

from evaluator import isolated_conversion
from evaluator.conversion import write_safetensors
from evaluator.hub import Hub
from evaluator.isolated_conversion import convert_checkpoint
from exposure.errors import CheckpointError


def pickled(folder: Path, weights: Any, source: str = "gpt2", **options: Any) -> Path:
    """A checkpoint with `weights` as its pickle."""
    shutil.copytree(tiny_models.checkpoint(source), folder, ignore=lambda *_: ["model.safetensors"])
    torch.save(weights, folder / "pytorch_model.bin", **options)
    return folder


def state(architecture: str = "gpt2") -> dict[str, torch.Tensor]:
    """As transformers pickled it: tied weights under both names, in one storage."""
    model = AutoModelForCausalLM.from_pretrained(tiny_models.checkpoint(architecture))
    weights: dict[str, torch.Tensor] = model.state_dict()
    return weights


def written_apart(source: Path, target: Path) -> Path:
    """What the process apart does, in this one: it takes seconds to begin."""
    target.mkdir()
    write_safetensors(source, target)
    return target


def test_converted(tmp_path: Path) -> None:
    """What is written holds the tensors of the pickle, config and tokenizer, and can be evaluated."""
    source = pickled(tmp_path / "source", state())
    (source / "training_args.bin").write_bytes(b"not to be read")
    target = tmp_path / "new" / "target"
    digest = convert_checkpoint(str(source), target, 300)
    written = load_file(target / "model.safetensors")
    assert written.keys() == state().keys()
    assert all(torch.equal(written[name], tensor) for name, tensor in state().items())
    assert sorted(path.name for path in target.iterdir()) == sorted(
        path.name for path in tiny_models.checkpoint("gpt2").iterdir()
    )
    (weights,) = delivered(target)
    assert weights.weights_hash == digest
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_files_of_old_versions(tmp_path: Path) -> None:
    """Pickles of torch before 1.6, which are no archives, are read too."""
    source = pickled(tmp_path / "source", state(), _use_new_zipfile_serialization=False)
    written = load_file(written_apart(source, tmp_path / "target") / "model.safetensors")
    assert all(torch.equal(written[name], tensor) for name, tensor in state().items())


def test_shards(tmp_path: Path) -> None:
    """Pickles in several files become as many safetensors files, with their index."""
    source = pickled(tmp_path / "source", {}, "llama")
    (source / "pytorch_model.bin").unlink()
    names = sorted(state("llama"))
    shards = {"pytorch_model-1.bin": names[:5], "pytorch_model-2.bin": names[5:]}
    for shard, held in shards.items():
        torch.save({name: state("llama")[name] for name in held}, source / shard)
    index = {"weight_map": {name: shard for shard, held in shards.items() for name in held}}
    (source / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    target = Path(shutil.copytree(source, tmp_path / "target", ignore=shutil.ignore_patterns("*.bin*")))
    write_safetensors(source, target)
    (weights,) = delivered(target)
    assert weights.checkpoint.weight_files == ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    assert all(torch.equal(weights.tensors[name], tensor) for name, tensor in state("llama").items())


def test_views_and_transposes(tmp_path: Path) -> None:
    """Tensors that share memory or lie in it in another order are written each by itself."""
    whole = torch.arange(12.0).reshape(3, 4)
    source = pickled(tmp_path / "source", {"whole": whole, "row": whole[1], "turned": whole.T, "same": whole})
    written = load_file(written_apart(source, tmp_path / "target") / "model.safetensors")
    assert {name: tensor.tolist() for name, tensor in written.items()} == {
        "whole": whole.tolist(), "row": whole[1].tolist(), "turned": whole.T.tolist(), "same": whole.tolist()
    }  # fmt: skip


class Malicious:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch {self._mark}",))


@pytest.mark.parametrize("form", ["torch", "plain"])
def test_code_is_never_run(form: str, tmp_path: Path) -> None:
    """A pickle that would run code is refused, and the code is not run."""
    mark = tmp_path / "mark"
    source = pickled(tmp_path / "source", {"a": Malicious(mark)})
    if form == "plain":
        (source / "pytorch_model.bin").write_bytes(pickle.dumps({"a": Malicious(mark)}, protocol=2))
    with pytest.raises(CheckpointError, match="holds more than tensors, and reading that could run any code"):
        written_apart(source, tmp_path / "target")
    assert not mark.exists()


def test_refused_by_the_process_apart(tmp_path: Path) -> None:
    """What the process apart refuses is said in its words, and nothing is left behind."""
    source = pickled(tmp_path / "source", {"a": Malicious(tmp_path / "mark")})
    with pytest.raises(CheckpointError, match=r"^\S+pytorch_model\.bin holds more than tensors.*for safetensors\.$"):
        convert_checkpoint(str(source), tmp_path / "target", 300)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"model": {"a": torch.ones(1)}, "step": 3}, r"holds 'model', a dict; expected names of tensors"),
        ([torch.ones(1)], "holds a list; expected names of tensors"),
        ({}, "holds a dict; expected names of tensors"),
    ],
)
def test_other_contents(weights: Any, sentence: str, tmp_path: Path) -> None:
    """A trainer's whole state, or nothing, is no model's weights."""
    source = pickled(tmp_path / "source", weights)
    with pytest.raises(CheckpointError, match=sentence):
        written_apart(source, tmp_path / "target")


@pytest.mark.parametrize("is_archive", [True, False])
def test_damaged_pickle(is_archive: bool, tmp_path: Path) -> None:
    """A pickle that was cut is refused as damage."""
    source = pickled(tmp_path / "source", state(), _use_new_zipfile_serialization=is_archive)
    path = source / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin cannot be read as weights"):
        written_apart(source, tmp_path / "target")


def test_time_is_limited(tmp_path: Path) -> None:
    """A conversion that takes too long is ended, and leaves nothing."""
    source = pickled(tmp_path / "source", state())
    with pytest.raises(CheckpointError, match=r"within 0 seconds. Give more: --limit-seconds"):
        convert_checkpoint(str(source), tmp_path / "target", 0)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_process_that_is_killed() -> None:
    """The end of the process by the system is told from a refusal."""
    sentence = isolated_conversion._why(Path("a"), -9, "noise")
    assert sentence == "a could not be converted: its process was ended by SIGKILL, as when memory runs out."


def test_refused_before_anything_is_read(tmp_path: Path) -> None:
    """What could not be evaluated afterwards, or need not be converted, is refused without reading a pickle."""
    source = pickled(tmp_path / "source", "no weights at all")
    (tmp_path / "there").mkdir()
    with pytest.raises(CheckpointError, match="there exists already"):
        convert_checkpoint(str(source), tmp_path / "there", 300)
    with pytest.raises(CheckpointError, match="as safetensors already"):
        convert_checkpoint(str(tiny_models.checkpoint("gpt2")), tmp_path / "target", 300)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "a.B"}}))
    with pytest.raises(CheckpointError, match="asks for code of its own"):
        convert_checkpoint(str(source), tmp_path / "target", 300)
    (source / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"holds no config\.json"):
        convert_checkpoint(str(source), tmp_path / "target", 300)


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


def test_from_a_hub(tmp_path: Path, online: None) -> None:
    """A revision that has only a pickle is fetched and converted in one go."""
    with fake_hub() as hub:
        hub.add("lab/old", "step5", pickled(tmp_path / "source", state()))
        target = tmp_path / "target"
        convert_checkpoint("lab/old@step5", target, 300, Hub(None, tmp_path / "cache", hub.url))
    assert torch.equal(load_file(target / "model.safetensors")["lm_head.weight"], state()["lm_head.weight"])


def test_the_command(tmp_path: Path) -> None:
    """`exposure convert-checkpoint` says where the weights are and what their hash is, or why there are none."""
    source = pickled(tmp_path / "source", state())
    answer = exposure("convert-checkpoint", source, tmp_path / "target")
    assert answer.status == 0, answer
    (weights,) = delivered(tmp_path / "target")
    assert answer.out == f"{tmp_path / 'target'}: weights {weights.weights_hash}\n"
    assert_sentence(exposure("convert-checkpoint", source, tmp_path / "target"))
