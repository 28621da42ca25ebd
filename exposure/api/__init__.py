"""What REST speaks, shared by the service, its workers and the Python client: requests and answers, no web framework."""
