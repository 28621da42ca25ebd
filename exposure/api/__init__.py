"""What REST speaks, shared by service, workers and the Python client: requests and answers; no web framework."""
