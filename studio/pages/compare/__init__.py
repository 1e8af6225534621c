"""The Compare page: which model is ahead on the same rows, by how much, and what that costs."""

from studio.pages.compare.page import build

__all__ = ["build"]
