"""Background processing: storing tasks, running them, and following their progress."""
