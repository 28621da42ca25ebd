"""What the operator sees of the service: logs, metrics, traces, a loop that is held up."""
