"""What every adapter of an agent framework needs, as pure functions."""
