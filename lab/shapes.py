"""Sizes of models: those of EXP (arXiv 2606.00230) and smaller ones that train on a CPU or within a test."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exposure.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder: `width` is the hidden size, `mlp` the inner size of its feed-forward blocks."""

    layers: int
    heads: int
    width: int
    mlp: int
    family: str = "llama"


SHAPES: dict[str, Shape] = {
    "exp-35m": Shape(6, 8, 384, 1024),
    "exp-60m": Shape(8, 8, 512, 1376),
    "exp-130m": Shape(12, 12, 768, 2048),
    "copy-6l": Shape(6, 8, 512, 1376),
    "tiny": Shape(2, 2, 64, 172),
    "tiny-neox": Shape(2, 2, 64, 256, "gpt-neox"),
    "tiny-gpt2": Shape(2, 2, 64, 256, "gpt2"),
    "mini": Shape(4, 4, 128, 344),
    "small-cpu": Shape(4, 3, 192, 512),
    "medium-cpu": Shape(6, 8, 256, 688),
}
"""Name → shape. The sizes in EXP's names count embeddings over its 32,000 tokens, input and output apart."""


def shape_of(name: str, **own: int | None) -> Shape:
    """The shape of that name with `own` sizes in place of its; raises TrainingError where the sizes do not fit."""
    if name not in SHAPES:
        raise TrainingError(f"There is no shape {name!r}. Expected one of {', '.join(SHAPES)}.")
    asked = {size: value for size, value in own.items() if value is not None}
    shape = replace(SHAPES[name], **asked)  # type: ignore[arg-type]
    if shape.width % (2 * shape.heads):
        raise TrainingError(
            f"A width of {shape.width} does not divide into {shape.heads} heads of an even size. "
            f"Choose --width as a multiple of {2 * shape.heads}, or other --heads."
        )
    return shape
