# Generated from src/powermem/_async/processing/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Work in the background: who does it, when, and how its maker follows it."""
