"""Facts without a language model. What extracts them loads many patterns: see ``extraction``."""
