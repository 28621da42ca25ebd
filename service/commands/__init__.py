"""The sub-command that serves."""
