"""A durable queue of processes; knows nothing of models, text or pages."""
