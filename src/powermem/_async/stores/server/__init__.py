"""Code shared by the stores on database servers."""
