"""Sub-commands of the evaluator, a file each."""
