"""Files beneath the operator's roots, and nowhere else."""
