"""What is seen inside a model while it reads the sentences of pairs: one pass a paradigm, shared by all measures."""
