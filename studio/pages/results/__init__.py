"""The Results page: how good a model is and how sure that is, where it errs, and the model itself."""

from studio.pages.results.page import build

__all__ = ["build"]
