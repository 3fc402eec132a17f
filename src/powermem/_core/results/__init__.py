"""What the public methods return."""
