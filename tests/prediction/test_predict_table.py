"""Tables of texts in, the same tables with answers out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studio.data.readers import ReadOptions, read_table
from studio.errors import Conflict, InvalidInput
from studio.prediction.answers import Answerer, Tell
from studio.prediction.tables import FileRequest, choose_columns, predict_file
from studio.tasks.base import Row
from studio.tasks.regression import REGRESSION
from tests.conftest import write_csv

TEXT = {"text": "text"}


def lengths_as_answers(rows: list[Row], tell: Tell) -> np.ndarray:
    """Finds long rows."""
    shares = np.array([min(0.99, sum(map(len, row.values())) / 20) for row in rows])
    tell(len(rows))
    return np.column_stack([1 - shares, shares])


LENGTHS = Answerer(("short", "long"), lengths_as_answers)
PAIRS = Answerer(("short", "long"), lengths_as_answers, roles=("text", "text_b"))


def ask(source: Path, to: Path, answerer: Answerer = LENGTHS, **changes: Any) -> Any:
    """Answer a file."""
    return predict_file(FileRequest(source, to, **changes), answerer)


def answer_lines(folder: Path, text: str, **changes: Any) -> list[str]:
    """Answer a file of this text; the lines of the result."""
    (folder / "in.csv").write_text(text)
    ask(folder / "in.csv", folder / "out.csv", **changes)
    return (folder / "out.csv").read_text().splitlines()


def test_every_column_and_the_order_of_rows_stay(tmp_path: Path) -> None:
    rows = ["id,text", "3,a long text this one", "1,x", "2,y"]
    assert answer_lines(tmp_path, "\n".join(rows)) == [
        "id,text,prediction,confidence,p_short,p_long",
        "3,a long text this one,long,0.990000,0.010000,0.990000",
        "1,x,short,0.950000,0.950000,0.050000",
        "2,y,short,0.950000,0.950000,0.050000",
    ]


def test_a_new_column_whose_name_is_taken_gets_a_number(tmp_path: Path) -> None:
    head, row = answer_lines(tmp_path, "text,prediction,p_long\nx,mine,mine too\n")
    assert head == "text,prediction,p_long,prediction_2,confidence,p_short,p_long_2"
    assert row.startswith("x,mine,mine too,short,")


def test_a_row_without_text_stays_and_gets_no_answer(tmp_path: Path) -> None:
    lines = answer_lines(tmp_path, "id,text\n1,\n2,x\n3,  \n", columns=TEXT)
    assert lines[1:] == ["1,,,,,", "2,x,short,0.950000,0.950000,0.050000", "3,  ,,,,"]


def test_a_file_without_any_text_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n1,\n2,\n")

    def never(_rows: list[Row], _tell: Tell) -> np.ndarray:
        raise AssertionError("asked")

    made = ask(tmp_path / "in.csv", tmp_path / "out.csv", Answerer(("a", "b"), never), columns=TEXT)
    assert (made.rows, made.unanswered) == (2, 2)
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == ["1,,,,,", "2,,,,,"]


def test_progress_counts_to_the_last_row(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n" + "1,x\n" * 1300)
    counts: list[tuple[int, int]] = []
    request = FileRequest(tmp_path / "in.csv", tmp_path / "out.csv", rows_per_piece=512)
    predict_file(request, LENGTHS, lambda done, total: counts.append((done, total)))
    assert [*dict.fromkeys(counts)] == [(0, 1300), (512, 1300), (1024, 1300), (1300, 1300)]


def test_a_missing_column_is_said_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        answer_lines(tmp_path, "id,message\n1,x\n", columns=TEXT)
    assert "'text'" in caught.value.message
    assert "'message'" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_cells_of_files_without_separators_are_quoted_where_they_need_it(tmp_path: Path) -> None:
    texts = ['"half', 'say "hi"', "one, two", "plain"]
    lines = "".join(json.dumps({"text": text, "n": number}) + "\n" for number, text in enumerate(texts))
    (tmp_path / "in.jsonl").write_text(lines)
    ask(tmp_path / "in.jsonl", tmp_path / "out.csv")
    assert read_table(tmp_path / "out.csv").frame["text"].tolist() == texts


@pytest.mark.parametrize(
    ("encoding", "delimiter", "word"),
    [
        ("utf-8", ",", "naïve 卡"),
        ("utf-8-sig", ";", "naïve 卡"),
        ("gb18030", "\t", "卡丢了，请帮忙"),
        ("cp1252", "|", "naïve café déjà vu"),
    ],
)
def test_a_file_comes_back_in_its_own_format(
    tmp_path: Path, encoding: str, delimiter: str, word: str
) -> None:
    rows = [["id", "text"], *([str(number), f"{word} {number}"] for number in range(40))]
    source = tmp_path / "in.csv"
    source.write_bytes("\n".join(delimiter.join(row) for row in rows).encode(encoding))
    ask(source, tmp_path / "out.csv", columns=TEXT)
    data = (tmp_path / "out.csv").read_bytes()
    lines = data.decode(encoding).splitlines()
    assert lines[0] == delimiter.join(["id", "text", "prediction", "confidence", "p_short", "p_long"])
    assert [line.split(delimiter)[:2] for line in lines[1:]] == rows[1:]
    assert data.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")


def test_cells_with_separators_quotes_and_line_ends_survive(tmp_path: Path) -> None:
    texts = ['say "hi", twice', "two\nlines", " blanks ", "=1+1", "plain"]
    pd.DataFrame({"text": texts, "n": list("12345")}).to_csv(tmp_path / "in.csv", index=False)
    ask(tmp_path / "in.csv", tmp_path / "out.csv")
    assert read_table(tmp_path / "out.csv").frame["text"].tolist() == texts


@pytest.mark.parametrize("extra", ["three", "a||b", 'say "hi"'])
def test_a_separator_of_several_characters_is_kept(tmp_path: Path, extra: str) -> None:
    cells = ["one", "two", extra, "four"]
    quoted = '"' + extra.replace('"', '""') + '"'
    rows = "".join(f"{quoted if cell == extra else cell}||{n}\n" for n, cell in enumerate(cells))
    (tmp_path / "in.csv").write_text(f"text||n\n{rows}")
    ask(tmp_path / "in.csv", tmp_path / "out.csv", columns=TEXT)
    table = read_table(tmp_path / "out.csv")
    assert table.report.delimiter == "||"
    assert table.frame["text"].tolist() == cells


def test_quotes_that_are_ordinary_characters_stay_as_they_are(tmp_path: Path) -> None:
    lines = [
        "id\ttext",
        '1\tthe 5" screen broke',
        '2\t"half quoted',
        "3\tplain",
        *(f"{n}\tx" for n in range(4, 30)),
    ]
    (tmp_path / "in.tsv").write_text("\n".join(lines))
    ask(tmp_path / "in.tsv", tmp_path / "out.tsv", columns=TEXT)
    out = (tmp_path / "out.tsv").read_text().splitlines()
    assert [line.split("\t")[:2] for line in out] == [line.split("\t") for line in lines]


def test_a_file_without_a_header_gets_one_that_names_the_answers(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("first text,1\nsecond text,2\n")
    request = {"columns": {"text": "column_1"}, "options": ReadOptions(header=False)}
    ask(tmp_path / "in.csv", tmp_path / "out.csv", **request)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0].startswith("column_1,column_2,prediction,confidence")
    assert len(lines) == 3


def test_answers_the_encoding_does_not_know_turn_the_file_into_utf_8(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes("id,text\n1,café déjà vu\n2,naïve\n".encode("cp1252"))

    chinese = Answerer(("好",), lambda rows, _tell: np.ones((len(rows), 1)))
    request = FileRequest(source, tmp_path / "out.csv", TEXT, options=ReadOptions(encoding="cp1252"))
    made = predict_file(request, chinese)
    assert any("UTF-8" in note for note in made.notes)
    assert "café déjà vu,好" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def test_an_existing_file_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nhello there\n")
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(Conflict):
        ask(tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "mine"
    ask(tmp_path / "in.csv", tmp_path / "out.csv", overwrite=True)
    assert "prediction" in (tmp_path / "out.csv").read_text()


def test_a_place_that_cannot_be_written_is_said_before_any_row_is_answered(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\nhello\n", encoding="utf-8")
    asked: list[Row] = []

    def note(rows: list[Row], tell: Tell) -> np.ndarray:
        asked.extend(rows)
        return lengths_as_answers(rows, tell)

    for to in (source / "out.csv", source / "below" / "out.csv", tmp_path / ("long" * 80 + ".csv")):
        with pytest.raises(InvalidInput, match="cannot be written") as caught:
            ask(source, to, Answerer(("short", "long"), note))
        assert "Choose" in caught.value.hint
    assert asked == []
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_failure_on_the_way_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nhello there\n")

    def fail(_rows: list[Row], _tell: Tell) -> np.ndarray:
        raise InvalidInput("stopped")

    with pytest.raises(InvalidInput):
        ask(tmp_path / "in.csv", tmp_path / "out.csv", Answerer(("short", "long"), fail))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("columns", "likely", "expected"),
    [
        (["id", " Message "], {"text": "message"}, ({"text": " Message "}, ())),
        (["id", "TEXT"], {"text": "message"}, ({"text": "TEXT"}, ())),
        (["only"], {}, ({"text": "only"}, ())),
        (["id", "words"], {}, ({"text": "words"}, ("text",))),
    ],
)
def test_the_text_column_is_found_or_guessed(columns: list[str], likely: dict, expected: tuple) -> None:
    frame = pd.DataFrame([["x" * (position + 1) for position in range(len(columns))]], columns=columns)
    assert choose_columns(frame, likely=likely) == expected


@pytest.mark.parametrize(
    ("columns", "likely", "expected"),
    [
        (["id", "a", "b"], {"text": "A", "text_b": "b"}, ({"text": "a", "text_b": "b"}, ())),
        (["text_b", "other", "text"], {}, ({"text": "text", "text_b": "text_b"}, ())),
        (["id", "said", "longest"], {"text": "said"}, ({"text": "said", "text_b": "longest"}, ("text_b",))),
        (["id", "short", "longest"], {}, ({"text": "longest", "text_b": "short"}, ("text", "text_b"))),
    ],
)
def test_the_columns_of_a_pair_are_found_or_guessed(
    columns: list[str], likely: dict, expected: tuple
) -> None:
    frame = pd.DataFrame([["x" * (position + 1) for position in range(len(columns))]], columns=columns)
    assert choose_columns(frame, ("text", "text_b"), likely=likely) == expected


def test_a_table_of_one_column_is_refused_by_a_model_of_pairs(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nhello there\n")
    with pytest.raises(InvalidInput, match="1 column; this model reads text and second text") as caught:
        ask(tmp_path / "in.csv", tmp_path / "out.csv", PAIRS)
    assert "a column for each" in caught.value.hint


def test_a_row_of_which_a_text_is_missing_gets_no_answer(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,text_b\nfour,six\nfour,\n,six\n")
    made = ask(tmp_path / "in.csv", tmp_path / "out.csv", PAIRS)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[1:] == ["four,six,short,0.650000,0.650000,0.350000", "four,,,,,", ",six,,,,"]
    assert made.unanswered == 2


def test_a_guess_and_rows_left_out_are_told(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,words\n1,some longer text\n2,another text\n3,a,b,c\n4,\n")
    made = ask(tmp_path / "in.csv", tmp_path / "out.csv")
    assert made.columns == {"text": "words"}
    assert (made.rows, made.unanswered) == (3, 1)
    assert [note.split(":")[0] for note in made.notes] == [
        "Column 'words' was taken for the text",
        "Left out",
        "Without an answer",
    ]


def test_empty_lines_which_are_no_rows_are_told(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nsome text\n\nanother text\n")
    made = ask(tmp_path / "in.csv", tmp_path / "out.csv", columns=TEXT)
    assert (made.rows, len((tmp_path / "out.csv").read_text().splitlines())) == (2, 3)
    assert "Without a row: 1 empty line of the file." in made.notes


def test_numbers_are_answered_in_one_column(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [["ab", "x"], ["", "y"], ["abcdef", "z"]], ("text", "prediction"))
    lengths = Answerer(
        (), lambda rows, _tell: np.array([len(row["text"]) / 4 for row in rows]), task=REGRESSION
    )
    made = ask(source, tmp_path / "out.csv", lengths, columns=TEXT)
    found = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert list(found.columns) == ["text", "prediction", "prediction_2"]
    assert found["prediction_2"].tolist() == ["0.5", "", "1.5"] and made.unanswered == 1


FORMULAS = [
    ("in.csv", 'id,text\n-1,=1+1\n+2,"fine; ""so"", -x"\n3,"@one\ntwo"\n', "utf-8"),
    ("in.tsv", 'id\ttext\n-1\t=1+1\n+2\tfine "so" ＝\n3\t-one\n', "utf-16"),
    ("in.csv", "id||text\n-1||=1+1\n+2||fine\n3||-one, two\n", "utf-8-sig"),
]


@pytest.mark.parametrize(("name", "content", "encoding"), FORMULAS, ids=["commas", "tabs", "two bars"])
def test_a_guarded_file_differs_in_the_cells_that_a_spreadsheet_would_run(
    name: str, content: str, encoding: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content.encode(encoding))
    options = ReadOptions(delimiter="||") if "||" in content else ReadOptions()
    guarded = tmp_path / "guarded.csv"
    made = ask(tmp_path / name, tmp_path / "out.csv", columns=TEXT, options=options, guarded=guarded)
    assert made.guarded
    plain = read_table(tmp_path / "out.csv", options).frame
    safe = read_table(guarded, options).frame
    assert safe["text"].tolist() == [f"'{plain['text'][0]}", plain["text"][1], f"'{plain['text'][2]}"]
    assert plain.drop(columns="text").equals(safe.drop(columns="text"))
    assert safe["id"].tolist() == ["-1", "+2", "3"]
    assert guarded.read_bytes()[:3] == (tmp_path / "out.csv").read_bytes()[:3]


def test_a_file_without_formulas_has_no_guarded_twin(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n-1,fine = good\n")
    made = ask(tmp_path / "in.csv", tmp_path / "out.csv", columns=TEXT, guarded=tmp_path / "guarded.csv")
    assert not made.guarded
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_line_end_within_a_cell_ends_no_row(tmp_path: Path, end: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"id": n, "text": f"={n}{end}b"}) + "\n" for n in range(3)))
    plain, guarded = tmp_path / "out.csv", tmp_path / "guarded.csv"
    assert ask(source, plain, columns=TEXT, guarded=guarded).guarded
    for path, mark in ((plain, ""), (guarded, "'")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert [row["text"] for row in csv.DictReader(file)] == [f"{mark}={n}{end}b" for n in range(3)]
    assert read_table(plain).frame["id"].tolist() == read_table(guarded).frame["id"].tolist() == list("012")
    assert b"\r\n" not in plain.read_bytes().replace(b"\r\nb", b"")


def test_a_guarded_file_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n=a\n")
    (tmp_path / "guarded.csv" / "inside").mkdir(parents=True)
    with pytest.raises(InvalidInput, match="cannot be written"):
        ask(tmp_path / "in.csv", tmp_path / "out.csv", columns=TEXT, guarded=tmp_path / "guarded.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["guarded.csv", "in.csv", "out.csv"]
