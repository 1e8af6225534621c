"""What a model is worth: reports, baselines, charts and comparisons, without torch."""
