"""Keeping a data directory: what may go, a copy while it is in use, and whether all is as it was written."""
