"""A column that says which part a row belongs to: the words people use for the three parts."""

from __future__ import annotations

import numpy as np
import pandas as pd

WORDS = {
    "train": "train training trn tr learn learning fit 训练 訓練",
    "validation": "validation valid validate val dev devel development tune tuning 验证 驗證 开发 開發",
    "test": "test testing tst eval evaluate evaluation heldout holdout 测试 測試 评估",
}
PART_OF = {word: part for part, words in WORDS.items() for word in words.split()}


def read_parts(values: pd.Series) -> np.ndarray:
    """train, validation or test for each cell, "" where it says none of them, as an array of str.

    >>> read_parts(pd.Series([" Train", "DEV", "held-out", "测试集", "2024"], dtype="str")).tolist()
    ['train', 'validation', 'test', 'test', '']
    """
    cells = pd.Categorical(values)
    meant = [PART_OF.get(plain(str(cell)), "") for cell in cells.categories]
    return np.asarray([*meant, ""], dtype=object)[cells.codes]


def plain(word: str) -> str:
    """A word without case, blanks, hyphens and underscores; 'test set' counts as 'test'.

    >>> plain(" Held-Out "), plain("Test set")
    ('heldout', 'test')
    """
    bare = word.strip().casefold()
    for ending in ("set", "split", "data", "集"):
        bare = bare.removesuffix(ending).rstrip(" -_") if bare != ending else bare
    return bare.replace(" ", "").replace("-", "").replace("_", "")
