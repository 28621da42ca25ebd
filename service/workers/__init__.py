"""Worker processes: they claim jobs over HTTP, and run each in a child process of its own."""
