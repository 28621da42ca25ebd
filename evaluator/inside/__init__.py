"""What a model has inside: weights by head, hidden states, rows of attention."""
