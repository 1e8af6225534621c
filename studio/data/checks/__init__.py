"""What is wrong or worth knowing about the rows of a table (no torch in here)."""
