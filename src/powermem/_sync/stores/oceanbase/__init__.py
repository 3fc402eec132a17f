# Generated from src/powermem/_async/stores/oceanbase/__init__.py by scripts/run_unasync.py; edit that file instead.
"""The store on OceanBase or seekdb."""
