"""Reading what a statement says about attributes that have one value at a time."""
