"""Speed and retrieval quality of powermem, each figure beside a floor measured in the same run."""
