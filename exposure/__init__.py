"""The language that everyone here speaks: phrases, pairs, orders, timelines."""

__version__ = "0.1.0"
