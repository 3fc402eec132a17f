"""Pairs written by hand: the databases, HTTP connections and clients of models of each colour."""
