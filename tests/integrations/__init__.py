"""The adapters, each with its real framework: ``nox -s frameworks``. Elsewhere these tests are skipped."""
