"""Remembering what is said through the clients of language models."""
