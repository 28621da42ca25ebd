"""Batch jobs: from a corpus and critical phrases to an exposure timeline."""
