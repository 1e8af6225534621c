"""Face 3: the command line, one file per noun."""
