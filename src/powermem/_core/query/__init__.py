"""Search requests."""
