"""SQuAD and CoNLL come in their own shapes, ready for their tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.data.readers import Table
from studio.errors import InvalidInput
from studio.tasks.tagging.schemes import find_scheme
from tests.data.readers.made import codes_of, read, rows_of, write_bytes, write_json

CONTEXT = "Ada wrote the first program in 1843."


def question(key: str, answers: list[tuple[str, int]], **more: Any) -> dict[str, Any]:
    """A question of SQuAD."""
    found = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": key, "question": f"Question {key}?", "answers": found, **more}


def squad(*questions: dict[str, Any]) -> dict[str, Any]:
    """A SQuAD file of one article."""
    paragraph = {"context": CONTEXT, "qas": list(questions)}
    return {"version": "v2.0", "data": [{"title": "Ada", "paragraphs": [paragraph]}]}


@pytest.mark.parametrize("indent", [None, 1])
def test_squad_has_a_row_per_question_with_answers_as_json(tmp_path: Path, indent: int | None) -> None:
    value = squad(
        question("1", [("Ada", 0), ("Ada", 0)]),
        question("2", [], is_impossible=True, plausible_answers=[{"text": "1843", "answer_start": 31}]),
        question("3", [("1843", 3)], is_impossible=False),
    )
    path = write_json(tmp_path / "t", value, indent=indent)
    table = read(path)
    assert list(table.frame.columns) == ["id", "title", "context", "question", "answers", "is_impossible"]
    assert rows_of(table)[1] == ("2", "Ada", CONTEXT, "Question 2?", "[]", "true")
    assert json.loads(table.frame["answers"].iloc[0]) == [{"text": "Ada", "answer_start": 0}] * 2
    written = path.read_text().split("\n")
    if indent is None:
        assert list(table.lines) == [1, 2, 3], "on one line, questions are counted"
    else:
        assert ["Question" in written[line - 1] for line in table.lines] == [True] * 3
    assert "answer_offset" not in codes_of(table), "the check of the task tells it"


def test_squad_without_a_context_gets_a_sentence(tmp_path: Path) -> None:
    value = {"data": [{"title": "x", "paragraphs": [{"qas": []}]}]}
    with pytest.raises(
        InvalidInput, match="in paragraph 1 of the article 'x' on line 1 'context' is missing"
    ):
        read(write_json(tmp_path / "t", value))


def cmrc(*answers: list[str]) -> list[dict[str, Any]]:
    """A CMRC 2018 file: a passage for each question, with the texts of its answers."""
    return [
        {
            "context_id": str(number),
            "context_text": CONTEXT,
            "title": "Ada",
            "qas": [{"query_id": f"Q{number}", "query_text": f"Question {number}?", "answers": texts}],
        }
        for number, texts in enumerate(answers)
    ]


@pytest.mark.parametrize("indent", [None, 1])
def test_cmrc_is_read_as_squad_without_starts(tmp_path: Path, indent: int | None) -> None:
    path = write_json(tmp_path / "t", cmrc(["Ada", "1843"], []), indent=indent)
    table = read(path)
    assert (table.task, table.report.format) == ("question-answering", "squad")
    assert rows_of(table) == [
        ("Q0", "Ada", CONTEXT, "Question 0?", '[{"text": "Ada"}, {"text": "1843"}]', "false"),
        ("Q1", "Ada", CONTEXT, "Question 1?", "[]", "false"),
    ]
    written = path.read_text().split("\n")
    expected = [1, 2] if indent is None else [n for n, line in enumerate(written, 1) if "query_text" in line]
    assert list(table.lines) == expected


def test_cmrc_without_a_question_gets_a_sentence(tmp_path: Path) -> None:
    value = cmrc(["Ada"])
    del value[0]["qas"][0]["query_text"]
    with pytest.raises(InvalidInput, match="in passage 1 on line 1 'query_text' is missing"):
        read(write_json(tmp_path / "t", value))


def conll(tmp_path: Path, text: str, encoding: str = "utf-8") -> Table:
    """A CoNLL file, read."""
    return read(write_bytes(tmp_path / "tokens", text.encode(encoding)))


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("John I-PER\nSmith I-PER\nMary B-PER\n\nRome I-LOC\n. O\n", "IOB1"),
        ("John B-PER\nSmith I-PER\nMary B-PER\n\nRome B-LOC\n. O\n", "IOB2"),
        ("John B-PER\nSmith E-PER\nMary S-PER\n\nRome S-LOC\n. O\n", "BIOES"),
        ("John\tB-PER\nSmith\tE-PER\nMary\tS-PER\n\nNew\tB-LOC\nYork\tM-LOC\nCity\tE-LOC\n", "BMES"),
        ("John B-PER\nSmith L-PER\nMary U-PER\n\nRome U-LOC\n. O\n", "BILOU"),
        ("-DOCSTART- -X- -X- O\n\nJohn NNP B-NP B-PER\nran VBD B-VP O\n\nRome NNP B-NP B-LOC\n", "IOB2"),
        ("# id 1 domain=x\nJohn _ _ B-PER\n\n# id 2 domain=x\nRome _ _ B-LOC\n. _ _ O\n", "IOB2"),
        ("John B-PER\nSmith E-PER\nMary W-PER\n\nRome W-LOC\n. O\n", "BMEWO"),
        ("吴 B-NAME\r\n重 M-NAME\r\n阳 E-NAME\r\n\r\n， O\r\n中 B-CONT\r\n国 E-CONT\r\n", "BMES"),
    ],
)
def test_conll_is_recognised_in_every_scheme(tmp_path: Path, text: str, scheme: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        table = conll(tmp_path, text, encoding)
        assert table.report.format == "conll"
        assert find_scheme(map(json.loads, table.frame["tags"])) == scheme
        assert len(table.frame) == 2
        assert set(codes_of(table)) <= {"unsure_encoding"}


def test_tokens_and_tags_are_as_written_with_the_line_of_their_sentence(tmp_path: Path) -> None:
    table = conll(tmp_path, '-DOCSTART- O\n\n"John" B-PER\nsaid O\n\n\nRome B-LOC\n')
    assert rows_of(table) == [('["\\"John\\"", "said"]', '["B-PER", "O"]'), ('["Rome"]', '["B-LOC"]')]
    assert table.lines.tolist() == [3, 7]
    assert table.roles == {"text": "tokens", "tags": "tags"}


def test_tags_may_stand_before_their_tokens(tmp_path: Path) -> None:
    table = conll(tmp_path, "B-PER\tAnna\nO\tleft\n\nO\tShe\nO\tO\nB-LOC\tRome\n\nO\t.\n")
    expected = [('["Anna", "left"]', '["B-PER", "O"]'), ('["She", "O", "Rome"]', '["O", "O", "B-LOC"]')]
    assert rows_of(table) == [*expected, ('["."]', '["O"]')]


def test_ids_that_look_like_tags_are_no_tags(tmp_path: Path) -> None:
    rows = "".join(f"S-{number:04}\t这个产品真的很好用{number}\t好\n" for number in range(80))
    table = conll(tmp_path, "id\ttext\tlabel\n" + rows)
    assert table.report.format != "conll" and list(table.frame.columns) == ["id", "text", "label"]


def test_the_column_with_more_tags_is_that_of_the_tags(tmp_path: Path) -> None:
    table = conll(tmp_path, "B-PER John\nO slept\n\n" * 250 + "PER Smith\nO x\n\n" * 10)
    assert rows_of(table)[0] == ('["John", "slept"]', '["B-PER", "O"]')


def test_a_line_about_a_sentence_is_no_token_though_it_has_as_many_columns(tmp_path: Path) -> None:
    table = conll(tmp_path, "# id 1 domain=x\nJohn _ _ B-PER\n\n# id 2 domain=x\n# _ _ O\nRome _ _ B-LOC\n")
    assert rows_of(table) == [('["John"]', '["B-PER"]'), ('["#", "Rome"]', '["O", "B-LOC"]')]


def test_lines_without_a_tag_are_named_and_every_token_has_its_line(tmp_path: Path) -> None:
    good = "".join(f"word{number} O\nJohn B-PER\n\n" for number in range(60))
    table = conll(tmp_path, f"{good}a O\n# said of it\nb I-PER\n\nc B-LOC\nd\n\n")
    assert codes_of(table) == {"broken_sentence": ("error", 1, (186,))}
    assert (table.report.rows_read, table.report.rows_dropped) == (61, 1)
    assert table.word_lines[1] == (4, 5) and table.word_lines[60] == (181, 183)
    assert table.keep(np.arange(61) == 60).word_lines == ((181, 183),)


@pytest.mark.parametrize(
    "text",
    [
        "text\tlabel\nso good\tO\nnot for me\tB-side\n",
        "word tag\nJohn PER\nran O\n",
        "a,B-1\nb,O\nc,B-2\n",
        "O\nB-PER\nO\n",
    ],
)
def test_other_texts_are_not_taken_for_tagged_tokens(tmp_path: Path, text: str) -> None:
    assert conll(tmp_path, text).report.format != "conll"
