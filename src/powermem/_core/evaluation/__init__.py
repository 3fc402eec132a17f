"""Labelled conversations, and how well the memories made of them agree with the labels."""
