"""Who runs the units of work."""
