"""The in-context learning score."""
