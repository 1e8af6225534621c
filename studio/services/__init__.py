"""The verbs of the product, one file per noun; pages, API and command line are thin over these."""
