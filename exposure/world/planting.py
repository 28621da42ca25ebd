"""How much of a world is planted: a few numbers that decide how often its phrases are shown."""

from __future__ import annotations

from dataclasses import dataclass

from exposure.errors import UsageError

GREATEST_DENSITY = 0.9
"""Some documents stay without a plant."""

GREATEST_SHARE = 0.8
"""Some phrases stay unseen."""


@dataclass(frozen=True, slots=True)
class Planting:
    """`share`: of the good sides of a paradigm, so many are planted. `density`: their plants per document of the world.

    `skew`: the phrase of rank r is planted in proportion to r^−skew; 0 plants all alike.
    """

    density: float = 0.45
    share: float = 0.5
    skew: float = 1.3

    def __post_init__(self) -> None:
        """Refuse what cannot be planted."""
        _refuse_outside("A density", self.density, 0.001, GREATEST_DENSITY)
        _refuse_outside("A share of planted phrases", self.share, 0.01, GREATEST_SHARE)
        _refuse_outside("A skew", self.skew, 0.0, 3.0)


def _refuse_outside(what: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise UsageError(f"{what} of {value}. Give {least} to {most}.")
