"""Rows as models are asked, for tests that speak of texts."""

from __future__ import annotations

from collections.abc import Iterable


def asked(texts: Iterable[str]) -> list[dict[str, str]]:
    """A row of one text for each."""
    return [{"text": text} for text in texts]
