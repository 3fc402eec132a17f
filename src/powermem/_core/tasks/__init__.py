"""Work in the background, as plain values."""
