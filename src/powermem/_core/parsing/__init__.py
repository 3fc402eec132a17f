"""Parse answers of language models, tolerant of their form and strict about their meaning."""
