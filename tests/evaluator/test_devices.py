"""Devices and dtypes by name, and settings that make numbers come out the same."""

from __future__ import annotations

import pytest
import torch

from evaluator.devices import device_of, dtype_name, dtype_of, reproducible
from exposure.errors import EvaluationError

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if two GPUs were here."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no GPU were here."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize(
    ("name", "device"), [("auto", CUDA), ("cuda", CUDA), ("cuda:1", torch.device("cuda", 1)), ("cpu", CPU)]
)
def test_devices_with_gpus(name: str, device: torch.device) -> None:
    """auto is the first GPU where there is one."""
    assert device_of(name) == device


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_devices_without_gpus(name: str) -> None:
    """auto is the CPU where there is no GPU."""
    assert device_of(name) == CPU


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("name", ["cuda", "cuda:0"])
def test_gpu_that_is_not_there(name: str) -> None:
    """Asking for a GPU where there is none is answered with what would help."""
    with pytest.raises(
        EvaluationError, match=rf"{name} was asked for, and PyTorch .* finds no CUDA device here.*the device cpu"
    ):
        device_of(name)


@pytest.mark.usefixtures("gpus")
def test_gpu_of_too_high_a_number() -> None:
    """Numbers of GPUs are counted from 0."""
    with pytest.raises(EvaluationError, match="cuda:2 was asked for, and there are 2 CUDA devices, counted from 0"):
        device_of("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "mps", "", "cuda:-1"])
def test_unknown_device(name: str) -> None:
    """A name that is no device is answered with those that are."""
    with pytest.raises(EvaluationError, match=r"is not known\. Give auto, cpu, cuda, or a numbered one like cuda:1"):
        device_of(name)


@pytest.mark.parametrize(
    ("name", "device", "dtype"),
    [
        ("auto", CPU, torch.float32),
        ("auto", CUDA, torch.bfloat16),
        ("float32", CUDA, torch.float32),
        ("bfloat16", CPU, torch.bfloat16),
        ("float16", CUDA, torch.float16),
    ],
)
def test_dtypes(name: str, device: torch.device, dtype: torch.dtype) -> None:
    """auto is bfloat16 on a GPU and float32 elsewhere; every dtype has the name that it was asked by."""
    assert dtype_of(name, device) == dtype
    assert name in ("auto", dtype_name(dtype))


@pytest.mark.parametrize("name", ["fp16", "float64", "int8", ""])
def test_unknown_dtype(name: str) -> None:
    """A dtype that is not scored in is answered with those that are."""
    with pytest.raises(EvaluationError, match=r"is not known\. Give auto, float32, bfloat16, float16"):
        dtype_of(name, CPU)


def settings() -> tuple[object, ...]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
        torch.get_num_threads(),
        torch.initial_seed(),
    )


def use_and_fail() -> None:
    assert settings() == (True, "highest", 3, 7)
    torch.rand(5)
    raise KeyError


def test_reproducible_gives_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside: deterministic, fp32 in fp32, the threads and the seed. Afterwards, also after an error: as before."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    torch.set_float32_matmul_precision("high")
    before, drawn = settings(), torch.get_rng_state()
    try:
        with pytest.raises(KeyError), reproducible(threads=3, seed=7):
            use_and_fail()
        assert settings() == before
        assert torch.equal(torch.get_rng_state(), drawn)
    finally:
        torch.set_float32_matmul_precision("highest")


def test_seed_decides() -> None:
    """The same seed draws the same."""
    draws = []
    for seed in (1, 1, 2):
        with reproducible(seed=seed):
            draws.append(torch.rand(4).tolist())
    assert draws[0] == draws[1] != draws[2]
