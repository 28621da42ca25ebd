"""The state from which training goes on: weights and the optimiser's moments after a step, as safetensors."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.optim import Optimizer
from transformers import PreTrainedModel

from exposure.artefacts import atomic_write
from exposure.errors import TrainingError

FOLDER = "resume"
KEPT = 2
"""States that are kept, the newest ones: the one before serves where the newest is damaged."""

_MOMENTS = ("exp_avg", "exp_avg_sq")


def save_state(folder: Path, step: int, model: PreTrainedModel, optimizer: Optimizer) -> None:
    """Write the state after `step` and drop all but the newest KEPT."""
    states = folder / FOLDER
    states.mkdir(exist_ok=True)
    tensors = {f"weights/{name}": one.detach().cpu().clone() for name, one in model.named_parameters()}
    for name, parameter in model.named_parameters():
        kept = optimizer.state.get(parameter, {})
        tensors |= {f"{moment}/{name}": kept[moment].cpu().clone() for moment in _MOMENTS if moment in kept}
    with atomic_write(states / _name(step)) as partial:
        save_file(tensors, partial, metadata={"step": str(step)})
    for old in _steps_in(states)[:-KEPT]:
        (states / _name(old)).unlink()


def load_state(folder: Path, model: PreTrainedModel, optimizer: Optimizer) -> int:
    """Put the newest state that can be read into model and optimiser; its step, or 0 where there is none.

    Raises TrainingError where states are there, but none can be read. A run saves one before its first checkpoint.
    """
    states = folder / FOLDER
    problems = []
    for step in reversed(_steps_in(states)):
        try:
            tensors = _read(states / _name(step))
        except (SafetensorError, OSError) as error:
            problems.append(f"{_name(step)}: {error}")
            continue
        _restore(tensors, step, model, optimizer)
        return step
    if problems:
        raise TrainingError(
            f"No state in {states} can be read ({'; '.join(problems)}). Delete the folder of the run and train again."
        )
    return 0


def has_state(folder: Path) -> bool:
    """Whether there is a state to go on from."""
    return bool(_steps_in(folder / FOLDER))


def _restore(tensors: dict[str, torch.Tensor], step: int, model: PreTrainedModel, optimizer: Optimizer) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[f"weights/{name}"])
            if f"exp_avg/{name}" in tensors:
                moments = {moment: tensors[f"{moment}/{name}"].to(parameter.device) for moment in _MOMENTS}
                counter = torch.tensor(float(step), dtype=torch.float32, device=parameter.device)
                optimizer.state[parameter] = {"step": counter, **moments}


def _read(path: Path) -> dict[str, torch.Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _steps_in(states: Path) -> list[int]:
    return sorted(int(path.name[5:13]) for path in states.glob(_name_pattern()))


def _name(step: int) -> str:
    return f"step-{step:08d}.safetensors"


def _name_pattern() -> str:
    return f"step-{'[0-9]' * 8}.safetensors"
