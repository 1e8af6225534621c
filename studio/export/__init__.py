"""Models on their way out of the studio: a folder, a zip and a model card."""
