"""Everything that neither waits nor knows of colours: the same code serves ``_async`` and ``_sync``."""
