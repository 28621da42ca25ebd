"""Engines that find phrases in text."""
