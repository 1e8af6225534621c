"""The kinds of answers: how each stands in a table, what can be wrong with it, what is told of it."""
