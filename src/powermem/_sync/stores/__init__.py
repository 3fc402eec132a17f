# Generated from src/powermem/_async/stores/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Stores: where memories are kept."""
