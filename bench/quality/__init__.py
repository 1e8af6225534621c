"""Quality on real data, beside simple rivals and a plain transformers script: ``python -m bench.quality``."""
