"""What is measured, against what; each file is one command of the Makefile."""
