"""Tables that the tests write: realistic rows in every encoding, separator and shape."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.data.checks.rows import check_frames, take_roles
from studio.data.columns import check_roles
from studio.data.problems import Problem, by_severity
from studio.data.readers import Table

ENGLISH = [
    ("Where is my order, please? It was due on Monday.", "delivery"),
    ('She said "never again", and I agree.', "complaint"),
    ("The café closes at 8 — naïve of me to come at 9.", "other"),
    ("Can I pay by card; or only in cash?", "payment"),
    ("My parcel | two boxes | came open.", "delivery"),
    ("I was charged twice: 19,90 € each.", "payment"),
    ("Thanks!\nThat solved it.", "other"),
    ("The lamp flickers and the déjà vu starts again.", "complaint"),
    ("NA", "other"),
    ("007", "other"),
    ("1e5", "payment"),
    ("Please cancel the order I placed this morning.", "delivery"),
]
CHINESE = [
    ("酒店的位置很好，服务也不错。", "1"),
    ("房间太小，隔音很差，不会再来", "0"),
    ('前台说"没有房间了"，很失望', "0"),
    ("早餐丰富；性价比高", "1"),
    ("键盘确实爽，基本跟台式机差不多了", "1"),
    ("交通便利，离地铁站只有两百米", "1"),
    ("发票拖了一个月,还没有寄来", "0"),
    ("屏幕有坏点，售后态度恶劣", "0"),
]


def write_table(
    path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    """Write rows as Python's csv module does."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a text byte for byte."""
    path.write_bytes(text.encode(encoding))
    return path


def many_rows(count: int, labels: Sequence[str] = ("good", "bad")) -> list[tuple[str, str]]:
    """Distinct texts with labels in turn."""
    return [
        (f"message number {index} is about the {index * 7919 % 1000} thing", labels[index % len(labels)])
        for index in range(count)
    ]


def check_tables(tables: Mapping[str, Table], roles: Mapping[str, str]) -> list[Problem]:
    """All problems of the tables {"all" | split: Table}, those of reading included, errors first."""
    found = [problem for table in tables.values() for problem in table.problems]
    wrong = [problem for table in tables.values() for problem in check_roles(roles, table)]
    if wrong:
        return by_severity([*found, *wrong])
    frames = {split: take_roles(table, roles, split) for split, table in tables.items()}
    return by_severity([*found, *check_frames(frames, roles).problems])
