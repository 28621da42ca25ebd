"""What is compared over runs: a line each. Each is one number a checkpoint, and an event when it first reaches θ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evaluator.measures.onset.formation import FIRST_LAYER, THETAS

COPY_THETAS = (0.05, *THETAS)
"""The sweep of θ of copying, as shares of queries. .05 is far above chance too, and small models get no further."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """`kind` copying: the mean over positions, with its interval. heads: the highest score of any head."""

    measure: str
    title: str
    kind: Literal["copying", "heads"]
    axis: str
    thetas: tuple[float, ...]
    first_layer: int = 0
    """The first layer whose heads count: an induction head cannot be in layer 0."""
    is_contrasted: bool = False
    """Whether regularised runs are set against others by it, as COPY does with copying and induction scores."""


QUANTITIES: dict[str, Quantity] = {
    one.measure: one
    for one in (
        Quantity("copying-tokens", "Copying random tokens", "copying", "share copied", COPY_THETAS, is_contrasted=True),
        Quantity(
            "copying-hex", "Copying random hex characters", "copying", "share copied", COPY_THETAS, is_contrasted=True
        ),
        Quantity("induction", "Strongest induction score", "heads", "I = Ā · EP", THETAS, FIRST_LAYER, True),
        Quantity("prefix-matching", "Strongest prefix matching", "heads", "weight", THETAS, FIRST_LAYER),
        Quantity("previous-token", "Strongest previous-token head", "heads", "weight", THETAS),
    )
}
"""By measure, in the order of the page."""
