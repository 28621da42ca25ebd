"""What measures inside a model cost: the time of their forward passes, and memory."""
