# Generated from src/powermem/_async/bulk/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Many memories at once: loading, exporting, importing, copying, and re-embedding."""
