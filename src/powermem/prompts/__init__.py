"""What is said to a language model: pure functions from data to messages."""
