"""When something forms: first steps over checkpoints and runs, and what they go with."""
