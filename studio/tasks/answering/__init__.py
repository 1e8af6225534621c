"""Answers within a passage: how question and passage become windows, and how a model's numbers give spans."""
