"""Jobs: what was asked for that takes long (docs/decisions/0010-jobs.md)."""
