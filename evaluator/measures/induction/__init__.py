"""Induction heads: scores by layer and head."""
