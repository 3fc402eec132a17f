# Generated from src/powermem/_async/clients/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Remembering what is said through the clients of language models."""
