# Generated from src/powermem/_async/extraction/__init__.py by scripts/run_unasync.py; edit that file instead.
"""From messages to facts, and from facts to changes."""
