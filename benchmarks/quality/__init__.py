"""Whether a library finds the turns that answer a question; see ``python -m benchmarks.quality --help``."""
