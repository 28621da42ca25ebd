"""What could a checkpoint do? Scores of minimal pairs by a series of checkpoints, and measures made from them."""
