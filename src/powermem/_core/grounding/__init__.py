"""What a weak model leaves undone: facts without ground are left out, dates and speakers are written out."""
