# Generated from src/powermem/_async/clients/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Remember conversations held through LLM clients."""
