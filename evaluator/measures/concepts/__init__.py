"""Concept vectors: the direction from bad to good sentences, and whether it generalises."""
