"""SQLite through the standard library. Everything here blocks; the coloured store calls it on threads."""
