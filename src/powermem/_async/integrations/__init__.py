"""The neutral core of the adapters: turns, recalled blocks, histories of sessions, and files."""
