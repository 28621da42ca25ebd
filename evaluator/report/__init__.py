"""The report on evaluations: rows for machines, a summary for the shell, and one self-contained page."""
