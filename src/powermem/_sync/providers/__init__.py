# Generated from src/powermem/_async/providers/__init__.py by scripts/run_unasync.py; edit that file instead.
"""Language models, embedders and rerankers, each spoken to over one HTTP client."""
