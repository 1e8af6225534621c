"""From a file on disk to an immutable, fingerprinted dataset (no torch in here)."""
