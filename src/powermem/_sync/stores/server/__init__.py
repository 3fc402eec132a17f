# Generated from src/powermem/_async/stores/server/__init__.py by scripts/run_unasync.py; edit that file instead.
"""What the stores on database servers have in common."""
