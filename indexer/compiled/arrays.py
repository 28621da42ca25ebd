"""The kinds of arrays that compiled code works on, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
"""Text, classes of code points, or masks read byte by byte."""

Words = npt.NDArray[np.uint64]
"""Masks of 64 bits, hashes, entries and records of tables, filters."""

Places = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]

KeyPlaces = tuple[Numbers, Integers, Integers]
"""What the key means, start, end."""

Matches = tuple[Numbers, Numbers, Integers]
"""Phrase, passage, start."""

Scratch = tuple[Places, Words, Places, Words, Places, Integers, Bytes]
"""Starts and hashes of tokens; those at work with their hashes; those that end keys with their records; one token."""

GapMemory = tuple[Integers, Bytes, Integers, Integers]
"""What a search for earlier halves knows, from one later half to the next:

the last search that met each earlier key, with the number of searches behind them; scratch for a token; of a word its
first token and a later one, the first token of the word that was looked back from, and how many keys were met there;
these keys in three rows: key, words between, place.
"""

Word = Any
"""A number that may be a Python int to whoever calls, and is a uint64 in compiled code."""
