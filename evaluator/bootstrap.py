"""The lemma bootstrap: critical and context lemmas are resampled, each on its own, jointly for all checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from evaluator.clusters import Factor
from evaluator.scored import NO_CLUSTER, Floats, Integers, PairTable
