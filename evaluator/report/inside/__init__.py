"""What other measures than minimal pairs found, in a report: copying, induction, concept vectors, attention."""
