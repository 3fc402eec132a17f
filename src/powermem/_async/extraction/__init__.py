"""From messages to facts, and from facts to changes."""
