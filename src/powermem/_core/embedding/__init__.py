"""Texts to vectors on this machine, and vectors that are kept."""
