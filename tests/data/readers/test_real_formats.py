"""The real files that are no delimited text are read right by automatic detection alone."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from studio.data.importing import ImportRequest, prepare_import
from studio.data.readers import read_table
from studio.tasks.tagging.schemes import find_scheme
from tests.data.readers.made import codes_of
from tests.data.test_real_data import real


@pytest.mark.parametrize(
    ("name", "questions", "impossible"),
    [("squad_v1.1/dev-v1.1.json", 10570, 0), ("squad_v2.0/dev-v2.0.json", 6078, 3168)],
)
def test_squad_gives_a_row_per_question(name: str, questions: int, impossible: int) -> None:
    table = read_table(real(name))
    assert table.report.format == "squad"
    assert table.task == "question-answering"
    assert table.roles == {"context": "context", "question": "question", "answers": "answers"}
    assert (table.report.rows_read, table.report.rows_dropped, table.problems) == (questions, 0, ())
    assert Counter(table.frame["is_impossible"])["true"] == impossible
    assert table.frame["id"].nunique() == questions
    for context, answers in zip(table.frame["context"], table.frame["answers"], strict=True):
        assert all(
            context[answer["answer_start"] :].startswith(answer["text"]) for answer in json.loads(answers)
        )


@pytest.mark.parametrize(
    ("name", "sentences", "tokens", "scheme"),
    [
        ("conll2003/eng.testa", 3250, 51362, "IOB1"),
        ("conll2003/eng.testb", 3453, 46435, "IOB1"),
        ("conll2003/eng.train.head6000", 5637, 73571, "IOB1"),
        ("resume_ner_zh/dev.char.bmes", 463, 13890, "BMES"),
        ("resume_ner_zh/test.char.bmes", 477, 15100, "BMES"),
        ("resume_ner_zh/train.char.bmes", 3821, 124099, "BMES"),
    ],
)
def test_conll_gives_a_row_per_sentence(name: str, sentences: int, tokens: int, scheme: str) -> None:
    path = real(name)
    table = read_table(path)
    assert (table.report.format, table.task) == ("conll", "token-classification")
    assert (table.report.rows_read, table.report.rows_dropped) == (sentences, 0)
    assert sum(len(json.loads(row)) for row in table.frame["tokens"]) == tokens
    assert sum(len(json.loads(row)) for row in table.frame["tags"]) == tokens
    assert find_scheme(map(json.loads, table.frame["tags"])) == scheme
    written = path.read_text("utf-8").split("\n")
    first_tokens = [json.loads(row)[0] for row in table.frame["tokens"]]
    assert [written[line - 1].split(" ")[0] for line in table.lines] == first_tokens


def test_the_tags_of_the_chinese_resumes_that_break_the_rules_are_named() -> None:
    request = ImportRequest(path=real("resume_ner_zh/train.char.bmes"), name="resumes")
    (found,) = [each for each in prepare_import(request).problems if each.code == "tag_sequence"]
    assert (found.severity, found.count, found.rows) == ("warning", 4, (62390, 62392, 64412, 64414))
    assert found.examples[0].startswith("Line 62,390, “")


def test_the_swag_sample_is_jsonl_whatever_its_name() -> None:
    table = read_table(real("swag_sample/sample.json"))
    assert (table.report.format, table.report.rows_read) == ("jsonl", 10)
    assert Counter(table.frame["label"]) == {"0": 3, "3": 5, "1": 2}
    assert table.lines.tolist() == list(range(1, 11))


def test_a_list_of_names_is_one_column() -> None:
    table = read_table(real("banking77/categories.json"))
    assert table.frame.shape == (77, 1)
    assert table.frame["column_1"].iloc[0] == "card_arrival"


@pytest.mark.parametrize(
    "name",
    [
        "conll2003/eng.testa",
        "mrpc/dev.tsv",
        "sst2/dev.tsv",
        "wikitext2/test.txt",
        "bert_sample_text/sample_text.txt",
        "vocabs/roberta-base/merges.txt",
        "vocabs/bert-base-chinese/vocab.txt",
    ],
)
def test_a_table_and_prose_are_not_taken_for_tagged_tokens(name: str) -> None:
    assert (read_table(real(name)).report.format == "conll") == name.startswith("conll")


@pytest.mark.parametrize(
    ("name", "lines", "empty"),
    [("wikitext2/test.txt", 2891, 1467), ("bert_sample_text/sample_text.txt", 31, 2)],
)
def test_prose_is_one_column_with_a_row_per_line(name: str, lines: int, empty: int) -> None:
    table = read_table(real(name))
    assert (table.report.format, list(table.frame.columns)) == ("text", ["text"])
    assert (table.report.rows_read, table.report.rows_dropped) == (lines, empty)
    assert set(codes_of(table)) == {"prose", "empty_rows"}
