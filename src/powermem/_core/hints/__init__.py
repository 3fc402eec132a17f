"""What to write instead of arguments, names and packages that do not exist."""
