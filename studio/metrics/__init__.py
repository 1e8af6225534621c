"""Scores as pure functions on arrays, and how each number wants to be shown."""
