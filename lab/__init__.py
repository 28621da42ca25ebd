"""Small pretraining runs whose data order is written down: for the demo, for tests, and for reproductions."""
