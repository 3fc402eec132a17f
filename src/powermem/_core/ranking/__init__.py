"""Scoring in plain numpy: vectors, full text, and how the two are put together. No I/O."""
