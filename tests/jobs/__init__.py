"""Tests of the durable queue: real SQLite files, real child processes."""
