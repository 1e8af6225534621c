"""What the studio remembers of datasets, models and evaluations, in its database."""
