"""Suggestions for arguments, names and packages that do not exist."""
