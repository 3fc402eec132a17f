"""From a conversation to memories: extract, match, decide, apply."""
