"""What decides the weights of a run beside its data order: written to training.json, held against it on resume."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from exposure.artefacts import atomic_write
from exposure.errors import TrainingError
from exposure.order_rules import FrozenModel
from exposure.orders import DataOrder
from lab.shapes import Shape

FILE_NAME = "training.json"
Precision = Literal["fp32", "bf16"]


class ShapeRecord(FrozenModel):
    """The shape of the model, as in `lab.shapes.Shape`."""

    layers: int = Field(ge=1)
    heads: int = Field(ge=1)
    width: int = Field(ge=1)
    mlp: int = Field(ge=1)
    family: Literal["llama", "gpt-neox", "gpt2"] = "llama"

    @property
    def shape(self) -> Shape:
        """For building a model."""
        return Shape(self.layers, self.heads, self.width, self.mlp, self.family)


class TrainingSettings(FrozenModel):
    """Model, optimiser and schedule. Defaults follow EXP (arXiv 2606.00230, and the codebase it names) where it says.

    `warmup`: fraction of the run's steps; `floor`: last learning rate as a fraction of `lr`; `clip`: greatest norm of
    the gradient, 0 for none; `vocabulary_multiple`: rows of the embedding are padded to it; `micro_batch`: sequences in
    one forward pass (gradients are summed over them, so only rounding depends on it, and what dropout drops).
    `attention_dropout`: the share of attention weights that is dropped while training. `order` is the digest of the
    data order.
    """

    model: ShapeRecord
    order: str
    tie: bool = False
    vocabulary_multiple: int = Field(default=1, ge=1)
    init_seed: int = Field(default=0, ge=0)
    precision: Precision = "fp32"
    micro_batch: int = Field(default=64, ge=1)
    lr: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    warmup: float = Field(default=0.1, ge=0, le=1)
    floor: float = Field(default=0.1, ge=0, le=1)
    beta1: float = Field(default=0.9, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0, allow_inf_nan=False)
    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    attention_dropout: float = Field(default=0.0, ge=0, lt=1)
    clip: float = Field(default=1.0, ge=0, allow_inf_nan=False)


def settings_for(order: DataOrder, shape: Shape, **values: Any) -> TrainingSettings:
    """Settings of a run over `order`; `values` are fields of TrainingSettings. Raises TrainingError for a bad one."""
    try:
        return TrainingSettings.model_validate({"model": asdict(shape), "order": order.digest, **values})
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][-1]).replace("_", "-")
        raise TrainingError(f"{option} {first['input']}: {first['msg']}.") from error


@dataclass(frozen=True)
class TrainingRecord:
    """The content of training.json: the settings, and facts that are noted and never compared."""

    settings: TrainingSettings
    facts: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write training.json."""
        document = {"format": "exposure.training", "settings": self.settings.model_dump(mode="json"), **self.facts}
        with atomic_write(folder / FILE_NAME) as partial:
            partial.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def refuse_other_settings(folder: Path, settings: TrainingSettings) -> None:
    """Raise TrainingError, naming what differs, where `folder` holds a run with other settings."""
    path = folder / FILE_NAME
    try:
        kept = TrainingSettings.model_validate(json.loads(path.read_text(encoding="utf-8"))["settings"])
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise TrainingError(f"{path} cannot be read ({error}). Train into another folder with --out.") from error
    if kept == settings:
        return
    before, now = _flat(kept), _flat(settings)
    differing = [
        f"{name} was {_said(before[name])}, now {_said(now[name])}" for name in now if before[name] != now[name]
    ]
    raise TrainingError(
        f"{folder} holds a run that was begun with other settings: {'; '.join(differing)}. Give the same ones to go on "
        "with it, or train into another folder with --out."
    )


def _flat(settings: TrainingSettings) -> dict[str, object]:
    values: dict[str, object] = settings.model_dump(mode="json")
    model = values.pop("model")
    assert isinstance(model, dict)
    return {**model, **values}


def _said(value: object) -> str:
    return f"{value[:12]}…" if isinstance(value, str) and len(value) == 64 else str(value)
