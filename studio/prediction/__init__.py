"""Answers of trained models: a process that holds them, and the pool that talks to it."""
