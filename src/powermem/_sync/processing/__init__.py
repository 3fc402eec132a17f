# Generated from src/powermem/_async/processing/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Background processing: storing tasks, running them, and following their progress."""
