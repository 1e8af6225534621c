"""Giving memory back after a part did not fit."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

import torch

M_MMAP_THRESHOLD, LARGE_BYTES = -3, 1 << 20


def give_back() -> None:
    """Return to the system and to other tensors what a failed step held."""
    gc.collect()
    if sys.platform == "linux":
        keep_heap_whole()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def keep_heap_whole() -> None:
    """Have large tensors on pages of their own from now on, and give back what the heap does not use.

    A heap whose free places lie between others in use is full before the memory is.
    """
    with contextlib.suppress(AttributeError):  # a C library other than glibc
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.malloc_trim(0)
