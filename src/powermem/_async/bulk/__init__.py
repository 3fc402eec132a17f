"""Many memories at once: loading, exporting, importing, copying, and re-embedding."""
