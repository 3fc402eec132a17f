"""Changes: from a call and its facts to the writes of a store, as plain values."""
