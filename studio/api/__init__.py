"""Face 2: HTTP under /api/v1, the same verbs and shapes as the command line."""
