"""Build requests to model providers and parse their replies. No I/O."""
