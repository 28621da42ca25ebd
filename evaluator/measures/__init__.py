"""Measures of what goes on inside a model, one file each."""
