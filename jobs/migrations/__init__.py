"""The history of the queue's tables, run from code by jobs.database.upgrade."""
