"""What a user's memories were over time, as one HTML file."""
