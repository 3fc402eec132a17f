"""What was said: messages in every form, their parts, and what is cut out of them."""
