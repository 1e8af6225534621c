"""Parquet and Arrow files give the text of every cell, exactly, batch by batch."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from studio.errors import InvalidInput
from tests.data.readers.made import read, rows_of, write_bytes

TABLE = pa.table(
    {
        "text": ["so good", None, "007"],
        "number": pa.array([1, None, -5], pa.int64()),
        "share": [1.0, 0.1, None],
        "flag": [True, False, None],
        "money": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.00")]),
        "day": [datetime.date(2024, 1, 31), None, datetime.date(1999, 12, 1)],
        "moment": pa.array([datetime.datetime(2024, 1, 31, 10, 30), None, None], pa.timestamp("us", "UTC")),
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
        "tokens": [["x", "é"], [], None],
        "answers": [{"text": ["x"], "answer_start": [0]}, None, {"text": [], "answer_start": []}],
        "bytes": [b"plain", b"\xff\xfe", None],
        "nothing": pa.nulls(3),
    }
)
EXPECTED = [
    (
        *("so good", "1", "1", "true", "1.50", "2024-01-31", "2024-01-31 10:30:00Z", "a", '["x","é"]'),
        *('{"text":["x"],"answer_start":[0]}', "plain", ""),
    ),
    ("", "", "0.1", "false", "", "", "", "b", "[]", "", "//4=", ""),
    ("007", "-5", "", "", "-2.00", "1999-12-01", "", "a", "", '{"text":[],"answer_start":[]}', "", ""),
]


def write_parquet(path: Path) -> None:
    pq.write_table(TABLE, path, row_group_size=2)


def write_arrow(path: Path) -> None:
    feather.write_feather(TABLE, str(path), compression="uncompressed")


def write_stream(path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)


@pytest.mark.parametrize(
    ("write", "kind"), [(write_parquet, "parquet"), (write_arrow, "arrow"), (write_stream, "arrow")]
)
def test_every_type_becomes_its_text(tmp_path: Path, write: object, kind: str) -> None:
    write(tmp_path / "t.csv")  # type: ignore[operator]
    table = read(tmp_path / "t.csv")
    assert rows_of(table) == EXPECTED
    assert list(table.frame.columns) == TABLE.column_names
    assert table.lines.tolist() == [1, 2, 3]
    assert (table.report.format, table.report.encoding, table.report.delimiter) == (kind, "", "")
    assert (table.report.rows_read, table.report.rows_dropped, table.problems) == (3, 0, ())


def test_a_preview_of_a_long_file_stops_early_and_says_so(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [f"t{n}" for n in range(50_000)]}), tmp_path / "t")
    assert not read(tmp_path / "t", preview=True).report.complete
    assert len(read(tmp_path / "t").frame) == 50_000


def test_progress_is_told_and_can_stop_the_reading(tmp_path: Path) -> None:
    from studio.data.readers import read_table

    pq.write_table(pa.table({"text": [f"t{n}" for n in range(50_000)]}), tmp_path / "t")
    told: list[float] = []
    read_table(tmp_path / "t", progress=lambda share, sentence: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(share: float, sentence: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_table(tmp_path / "t", progress=stop)


def test_a_file_without_rows_or_cut_off_gets_a_sentence(tmp_path: Path) -> None:
    pq.write_table(TABLE.slice(0, 0), tmp_path / "t")
    with pytest.raises(InvalidInput, match="columns and no rows"):
        read(tmp_path / "t")
    write_parquet(tmp_path / "t")
    data = (tmp_path / "t").read_bytes()
    for cut in (data[:-10], data[:200] + bytes(100) + data[300:]):
        with pytest.raises(InvalidInput, match="damaged, cut off or encrypted"):
            read(write_bytes(tmp_path / "cut", cut))
