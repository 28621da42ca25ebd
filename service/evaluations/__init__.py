"""Reading evaluations: what they are, what they measured, and what each checkpoint made of each pair."""
