"""The actions that mend rows, one function each, and the bench they work on."""
