"""Results of the public methods."""
