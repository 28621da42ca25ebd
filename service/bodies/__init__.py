"""Large bodies, read without holding up the others."""
