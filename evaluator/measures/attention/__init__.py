"""Attention from the later to the earlier of (critical, context), by layer and head."""
