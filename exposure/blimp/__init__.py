"""BLiMP: where the critical phrase of each of its 67 paradigms is."""

from exposure.blimp.paradigms import PARADIGMS, PHENOMENA

__all__ = ["PARADIGMS", "PHENOMENA"]
