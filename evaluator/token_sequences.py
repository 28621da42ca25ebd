"""Moved: import TokenisedPairs from evaluator.tokenised_pairs. This file goes as soon as nothing imports it."""

from evaluator.tokenised_pairs import TokenisedPairs as TokenisedPairs
