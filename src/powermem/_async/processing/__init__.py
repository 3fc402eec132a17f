"""Work in the background: who does it, when, and how its maker follows it."""
