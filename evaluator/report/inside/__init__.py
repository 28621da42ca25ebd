"""What other measures than minimal pairs found, on the page of a report: copying, induction, concept vectors, attention."""
