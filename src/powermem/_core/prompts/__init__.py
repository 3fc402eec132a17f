"""The messages for language models: pure functions from data to messages."""
