"""Texts that are nearly the same, found in time linear in their number."""

from studio.data.near.groups import NearGroups, find_near_duplicates

__all__ = ["NearGroups", "find_near_duplicates"]
