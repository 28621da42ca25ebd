"""Pair sets and phrase sets: made of what a request brings, kept by their content, read page by page."""
