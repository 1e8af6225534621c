"""News of jobs that have ended, brought to people by a webhook or by e-mail."""
