"""Requests to language models: what is new in them, where recalled text goes, and what is answered."""
