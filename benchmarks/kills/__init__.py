"""`kill -9` at every write of every command, and of a service at work, with an oracle (`benchmarks.service_kills`)."""
