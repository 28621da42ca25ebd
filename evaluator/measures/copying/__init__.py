"""Context copying: the copy test by both generators."""
