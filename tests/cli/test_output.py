"""Tables of the command line keep every letter, in a narrow terminal and in a pipe."""

from __future__ import annotations

import io

import pytest

from studio.cli.output import Context, print_table

ID = "0123456789abcdef0123456789abcdef"
ROWS = [
    {"id": ID, "name": "客服-" * 10, "title": "Train minilm-l6 on the messages of May", "done": 0.5},
    {"id": ID[::-1], "name": "short", "title": "Train", "done": None},
]


def test_a_piped_table_has_one_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    Context(home=None, as_json=False).show_table(ROWS, list(ROWS[0]), "nothing")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for row, line in zip(ROWS, lines[1:], strict=True):
        assert all(str(row[key]) in line for key in ("id", "name", "title"))
        assert line == line.rstrip()


@pytest.mark.parametrize("width", [100, 80, 40, 20])
def test_a_narrow_terminal_keeps_ids_and_names_whole_and_loses_no_letter(width: int) -> None:
    stream = io.StringIO()
    print_table(ROWS, list(ROWS[0]), stream, width)
    text = stream.getvalue()
    assert all(row["id"] in text and row["name"] in text for row in ROWS)
    assert "…" not in text
    wanted = [*ROWS[0], *(str(value) for row in ROWS for value in row.values() if value is not None)]
    assert sorted("".join(text.split())) == sorted("".join(wanted).replace(" ", ""))
