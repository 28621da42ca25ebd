"""Readers of corpora, one file per family of formats."""
