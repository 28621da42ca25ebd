"""Inner loops compiled by numba: no Python object, no GIL. Each file has one noun, as everywhere."""
