"""``python -m powermem``: the command line."""

from __future__ import annotations

import sys

from powermem.cli import main

if __name__ == "__main__":
    sys.exit(main())
