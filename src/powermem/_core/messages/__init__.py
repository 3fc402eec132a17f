"""Messages in every form, their parts, and excerpts of them."""
