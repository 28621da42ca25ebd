"""BLiMP: where the critical phrase of each of its 67 paradigms is, by our rules and by those of EXP."""

from exposure.blimp.exp import EXP_PARADIGMS
from exposure.blimp.paradigms import PARADIGMS, PHENOMENA

__all__ = ["EXP_PARADIGMS", "PARADIGMS", "PHENOMENA"]
