"""A studio in use for a while: jobs come, tabs stay open, processes are killed; nothing is lost or grows."""
