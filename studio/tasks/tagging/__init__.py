"""Entities of a text: how tags mark them, on which words they stand, and how a model's numbers give them."""
