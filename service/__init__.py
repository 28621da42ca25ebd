"""The REST service over published timelines."""
