"""Keys and what they may do."""
