"""Many memories at once: loading, exporting, importing, copying, and moving to another embedder."""
