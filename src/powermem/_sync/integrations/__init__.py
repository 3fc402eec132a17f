# Generated from src/powermem/_async/integrations/__init__.py by scripts/run_unasync.py; edit that file instead.
"""The neutral core of the adapters: turns, recalled blocks, histories of sessions, and files."""
