"""Several runs side by side, on the page of a report and in its tables: copying, heads, first steps, α."""
