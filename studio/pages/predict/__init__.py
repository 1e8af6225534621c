"""The Predict page: one text answered at once, a file of them by a job, and the same call to copy."""

from studio.pages.predict.page import build

__all__ = ["build"]
