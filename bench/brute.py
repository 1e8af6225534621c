"""Near duplicates by comparing every pair of texts: what the fast search is measured against."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from studio.data.near.groups import THRESHOLD, as_array, take_beginnings
from studio.data.near.shingles import shingle_texts
from studio.data.texts import text_keys

BLOCK = 500


def near_rows(texts: pd.Series, threshold: float = THRESHOLD) -> np.ndarray:
    """Which rows have a text that is not the same as theirs and has a Jaccard similarity of the threshold."""
    keys, members = np.unique(text_keys(texts), return_inverse=True)
    firsts = np.full(len(keys), len(texts))
    np.minimum.at(firsts, members, np.arange(len(texts)))
    cells = shingle_texts(take_beginnings(as_array(texts), firsts)).distinct()
    owners = (cells >> np.uint64(32)).astype(np.int64)
    _, columns = np.unique(cells & np.uint64(0xFFFFFFFF), return_inverse=True)
    table = sparse.csr_matrix(
        (np.ones(len(cells), np.int32), (owners, columns)), (len(keys), columns.max(initial=0) + 1)
    )
    sizes = np.bincount(owners, minlength=len(keys))
    near = np.zeros(len(keys), dtype=bool)
    for start in range(0, len(keys), BLOCK):
        shared = (table[start : start + BLOCK] @ table.T).tocoo()
        left = shared.row + start
        apart = left != shared.col
        total = sizes[left] + sizes[shared.col] - shared.data
        near[left[apart & (shared.data >= threshold * total)]] = True
    return near[members]
