"""How sentences are scored and how scores become decisions: every choice has a name, and every result carries it.

`ScoringSpec` holds what decides the log-probabilities of tokens, and so what a model has to be run for; it names the
stored scores. `Convention` adds what is decided from stored scores alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

Method = Literal["full", "one-prefix", "two-prefix"]
"""`full`: log p of both sentences. `one-prefix`: log p of two words after one prefix. `two-prefix`: of one word after
two prefixes (Warstadt et al. 2020, section 4.2)."""

Prefix = Literal["bos", "none"]
"""`bos`: one token before the sentence, the model's BOS, else its EOS, and every token of the sentence counts. `none`:
nothing before it; the first token has no probability, and the score begins with the second."""

Norm = Literal["sum", "per-token", "per-byte"]
"""What the score of a side is: the sum of its tokens' log p, or that divided by its tokens or its UTF-8 bytes."""

Tie = Literal["wrong", "half", "right"]
"""What equal scores count as."""


@dataclass(frozen=True, slots=True)
class ScoringSpec:
    """What decides a token's log-probability beside the weights, the tokenizer and the text."""

    method: Method = "full"
    prefix: Prefix = "bos"
    lead_space: bool = False
    dtype: str = "float32"
    """dtype of weights and activations; log-sum-exp is fp32 always, and near ties of a 16-bit dtype are scored again
    in fp32."""

    @property
    def digest(self) -> str:
        """sha256 that names scores made so."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def name(self) -> str:
        """For folders and people: `full-bos-float32`."""
        return "-".join([self.method, self.prefix, *(["space"] if self.lead_space else []), self.dtype])


@dataclass(frozen=True, slots=True)
class Convention:
    """A named way from sentences to decisions."""

    name: str
    method: Method = "full"
    prefix: Prefix = "bos"
    lead_space: bool = False
    norm: Norm = "sum"
    tie: Tie = "wrong"

    def spec(self, dtype: str) -> ScoringSpec:
        """What has to be stored for it."""
        return ScoringSpec(self.method, self.prefix, self.lead_space, dtype)


PRESETS: dict[str, Convention] = {
    convention.name: convention
    for convention in (
        Convention("exposure"),
        Convention("lm-eval", lead_space=True, tie="right"),
        Convention("minicons", prefix="none", norm="per-token"),
    )
}
"""`exposure` is ours. `lm-eval` is lm-evaluation-harness on its BLiMP tasks (a space before the sentence, ties right).
`minicons` is that library's `sequence_score` as it comes: no BOS, the mean over tokens; with `bos_token=True` and the
sum it is `exposure`."""
