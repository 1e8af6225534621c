"""Texts that are nearly the same, found in time linear in their number."""

from studio.data.near.at_once import ROWS_AT_ONCE, find_near_at_once, texts_of
from studio.data.near.groups import NearGroups, find_near_duplicates

__all__ = ["ROWS_AT_ONCE", "NearGroups", "find_near_at_once", "find_near_duplicates", "texts_of"]
