# Generated from src/powermem/_async/stores/server/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Code shared by the stores on database servers."""
