"""The Data page: the datasets there are, one of them in detail, and the way to a new one."""

from studio.pages.data.page import build

__all__ = ["build"]
