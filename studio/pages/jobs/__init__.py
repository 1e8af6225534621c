"""The Jobs page: what runs, waits and has ended, and how one of them goes."""

from studio.pages.jobs.page import build

__all__ = ["build"]
