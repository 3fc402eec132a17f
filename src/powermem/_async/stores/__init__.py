"""Stores: where memories are kept."""
