"""The Train page: what to train, from where and how, with the plan of it always in view."""

from studio.pages.train.page import build

__all__ = ["build"]
