"""Everything that waits for I/O; users import the public names from ``powermem``."""
