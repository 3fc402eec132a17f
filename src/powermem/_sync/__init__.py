# Generated from src/powermem/_async/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Everything that waits for I/O; users import the public names from ``powermem``."""
