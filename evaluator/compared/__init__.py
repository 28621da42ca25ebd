"""Several runs side by side: what they copied and when, whether updates or tokens decide, what regularising does."""
