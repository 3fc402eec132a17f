# Generated from src/powermem/_async/retrieval/__init__.py by scripts/run_unasync.py; edit that file instead.
"""From a question to the memories that answer it."""
