"""A file becomes rows ready to be kept, or a list of everything that stands in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.readers import ReadOptions
from studio.errors import InvalidInput, NotFound
from tests.conftest import write_csv
from tests.data.tables import many_rows, write_table, write_text


def ask(path: Path, **more: object) -> PreparedImport:
    """Prepare an import of a file."""
    return prepare_import(ImportRequest(path=path, name="tickets", **more))  # type: ignore[arg-type]


def labelled(tmp_path: Path, rows: list[tuple[str, str]], name: str = "t.csv") -> Path:
    """A file of texts and labels with a header."""
    return write_table(tmp_path / name, [("text", "label"), *rows])


def codes(prepared: PreparedImport, severity: str | None = None) -> list[str]:
    """Codes of the problems, of one severity if asked."""
    return [problem.code for problem in prepared.problems if severity in (None, problem.severity)]


def test_a_good_file_is_divided_and_counted(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, many_rows(200, ["10", "9"])))
    assert not prepared.blocking
    assert prepared.roles == {"text": "text", "label": "label"}
    assert prepared.labels == ("9", "10")
    assert prepared.rows == {"train": 160, "validation": 20, "test": 20}
    assert prepared.class_counts["train"] == {"9": 80, "10": 80}
    assert sum(prepared.lengths["text"]["words"]["counts"]) == 160
    assert prepared.files == {"all": "t.csv"}


def test_every_row_of_the_file_is_in_exactly_one_split_with_its_line(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, many_rows(101)))
    lines = sorted(line for frame in prepared.frames.values() for line in frame["line"])
    assert lines == list(range(2, 103))


def test_errors_block_and_name_every_row(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, [*many_rows(100), ("", "good"), ("text", " ")]))
    assert prepared.blocking
    assert codes(prepared, "error") == ["missing_text", "missing_label"]
    assert prepared.rows == {"train": 80, "validation": 10, "test": 10}


def test_bad_rows_are_dropped_when_asked_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "t.csv",
        "text,label\n" + "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(100)) + "short\n,a\nx,\na,b,c\n",
    )
    prepared = ask(path, drop_bad_rows=True)
    assert not prepared.blocking
    assert (prepared.reader.rows_read, prepared.reader.rows_dropped) == (100, 4)
    assert sum(prepared.rows.values()) == 100
    assert {"too_few_fields", "too_many_fields", "missing_text", "missing_label"} <= set(
        codes(prepared, "warning")
    )
    warnings = [problem for problem in prepared.problems if problem.severity == "warning"]
    assert all("Dropped, as asked." in p.message and p.hint == "Nothing is left to do." for p in warnings)


def test_dropping_rows_does_not_excuse_an_error_of_the_whole_table(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, many_rows(100, ["same"])), drop_bad_rows=True)
    assert prepared.blocking
    assert codes(prepared, "error") == ["one_label"]


def test_dropping_rows_does_not_excuse_a_split_without_rows(tmp_path: Path) -> None:
    path = labelled(tmp_path, [*many_rows(100), ("", "good")])
    no_test = ask(path, split=(0.9, 0.1, 0.0), drop_bad_rows=True)
    assert codes(no_test, "error") == ["empty_split"]
    assert "test" in no_test.problems[0].message
    strange = labelled(tmp_path, [("new", "never seen"), ("newer", "neither")], "dev.csv")
    no_validation = ask(path, validation=strange, drop_bad_rows=True)
    assert codes(no_validation, "error") == ["empty_split"]
    assert "validation" in no_validation.problems[0].message


def test_roles_that_do_not_fit_block_with_the_columns_there_are(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, many_rows(20)), roles={"text": "text", "label": "topic"})
    assert codes(prepared, "error") == ["unknown_column"]
    assert "text, label" in prepared.problems[0].hint
    assert prepared.frames == {}


def test_one_given_role_is_enough(tmp_path: Path) -> None:
    rows = [
        ("title", "body", "kind"),
        *[(f"title {n}", text, label) for n, (text, label) in enumerate(many_rows(40))],
    ]
    assert ask(write_table(tmp_path / "t.csv", rows), roles={"text": " Title"}).roles == {
        "text": "title",
        "label": "kind",
    }


def test_own_files_are_their_splits_and_the_rest_is_divided(tmp_path: Path) -> None:
    path = labelled(tmp_path, many_rows(90))
    own = labelled(tmp_path, [(f"new {n}", "good") for n in range(7)], "dev.csv")
    only_validation = ask(path, validation=own)
    assert only_validation.rows == {"train": 80, "validation": 7, "test": 10}
    assert only_validation.files == {"all": "t.csv", "validation": "dev.csv"}
    only_test = ask(path, test=own)
    assert only_test.rows == {"train": 80, "validation": 10, "test": 7}
    both = ask(path, validation=own, test=labelled(tmp_path, [("later", "bad")], "test.csv"))
    assert both.rows == {"train": 90, "validation": 7, "test": 1}
    assert both.files == {"train": "t.csv", "validation": "dev.csv", "test": "test.csv"}


def test_own_files_follow_the_main_file_on_whether_there_is_a_header(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.tsv", many_rows(60), delimiter="\t")
    own = write_text(tmp_path / "dev.tsv", "fine\tgood\nawful\tbad\n")
    prepared = ask(path, validation=own)
    assert prepared.rows["validation"] == 2
    headed = labelled(tmp_path, many_rows(60))
    prepared = ask(
        headed,
        validation=write_text(tmp_path / "dev.csv", "what a fine day it is,good\nno good at all,bad\n"),
    )
    assert prepared.rows["validation"] == 2


def test_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "later").mkdir()
    own = labelled(tmp_path / "later", [("new", "good"), ("", "bad")], "t.csv")
    prepared = ask(labelled(tmp_path, many_rows(60)), test=own)
    assert [(p.file, p.rows) for p in prepared.problems if p.severity == "error"] == [("t.csv (test)", (3,))]
    assert prepared.files == {"all": "t.csv", "test": "t.csv (test)"}
    assert (prepared.reader.rows_read, prepared.reader.rows_dropped) == (60, 0)


def test_a_labels_file_names_the_indices_in_its_order(tmp_path: Path) -> None:
    names = write_text(tmp_path / "class.txt", "sport\nart\nunused\n")
    prepared = ask(labelled(tmp_path, many_rows(120, ["1", "0"])), labels_file=names)
    assert prepared.labels == ("sport", "art", "unused")
    assert set(prepared.frames["train"]["label"]) == {"sport", "art"}
    assert prepared.class_counts["test"]["unused"] == 0
    assert "unused_labels" in codes(prepared)


def test_a_label_outside_the_labels_file_is_an_error_with_its_row(tmp_path: Path) -> None:
    names = write_text(tmp_path / "class.txt", "sport\nart\n")
    prepared = ask(labelled(tmp_path, [*many_rows(120, ["1", "0"]), ("odd", "2")]), labels_file=names)
    assert [(p.code, p.rows) for p in prepared.problems if p.severity == "error"] == [
        ("label_not_in_file", (122,))
    ]


def test_labels_keep_their_exact_text(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, [*many_rows(60, ["007", "NA"]), *many_rows(1, [" NA"])]))
    assert prepared.labels == (" NA", "007", "NA")


def test_a_label_in_a_list_of_its_own_is_taken_out(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, many_rows(60, ['["good"]', "['bad']"])))
    assert not prepared.blocking and prepared.labels == ("bad", "good")
    own = labelled(tmp_path, many_rows(8), "own.csv")
    prepared = ask(labelled(tmp_path, many_rows(60, ['["good"]', "['bad']"])), test=own)
    assert not prepared.blocking and prepared.labels == ("bad", "good")


def test_in_a_table_of_lists_an_empty_one_is_no_label_and_one_of_several_a_warning(tmp_path: Path) -> None:
    odd = [("odd", '["good", "new"]'), ("none", "[]"), ("other", "n/a")]
    prepared = ask(labelled(tmp_path, [*many_rows(60, ['["good"]', '["bad"]']), *odd]))
    found = [(p.code, p.rows) for p in prepared.problems]
    assert codes(prepared, "error") == ["missing_label"] and ("missing_label", (63,)) in found
    assert ("several_labels", (62,)) in found
    assert {"good", "bad", "n/a"} <= set(prepared.labels)


@pytest.mark.parametrize("label", ["[0, 17]", "[x, y]", '["good"]'])
def test_a_label_that_looks_like_a_list_stays_where_others_do_not(tmp_path: Path, label: str) -> None:
    rows = [*many_rows(60, ["good", "bad"]), *many_rows(80, [label])[60:]]
    assert set(ask(labelled(tmp_path, rows)).labels) == {"good", "bad", label}
    names = write_text(tmp_path / "class.txt", f'{label}\n["bad"]\n')
    named = ask(labelled(tmp_path, many_rows(60, [label, '["bad"]']), "u.csv"), labels_file=names)
    assert not named.blocking and set(named.frames["train"]["label"]) == {label, '["bad"]'}


def test_a_split_without_rows_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, many_rows(100)), split=(0.9, 0.1, 0.0))
    assert codes(prepared, "error") == ["empty_split"]
    assert "test" in prepared.problems[0].message


def test_the_upload_is_called_by_its_own_name(tmp_path: Path) -> None:
    prepared = ask(labelled(tmp_path, [*many_rows(60), ("", "a")], "a1b2c3.tmp"), file_name="Mails.CSV")
    assert prepared.problems[0].file == "Mails.CSV"
    own = labelled(tmp_path, [("new", "good"), ("", "bad")], "d4e5.tmp")
    prepared = ask(labelled(tmp_path, many_rows(60)), test=own, test_name="Later mails.csv")
    assert prepared.problems[0].file == "Later mails.csv"


def test_reading_options_are_followed(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", many_rows(60), delimiter="|")
    prepared = ask(path, reading=ReadOptions(delimiter="|", header=False))
    assert prepared.roles == {"text": "column_1", "label": "column_2"}


def test_what_cannot_be_asked_gets_a_sentence(tmp_path: Path) -> None:
    path = labelled(tmp_path, many_rows(60))
    with pytest.raises(InvalidInput, match="no division"):
        ask(path, split=(0.5, 0.1, 0.1))
    with pytest.raises(NotFound):
        ask(path, test=tmp_path / "absent.csv")


def test_of_pairs_the_lengths_of_both_texts_stand_first(tmp_path: Path) -> None:
    rows = [[f"one two {number}", f"three four five {number}", "ab"[number % 2]] for number in range(40)]
    table = write_csv(tmp_path / "pairs.csv", rows, ("text_a", "text_b", "label"))
    lengths = prepare_import(ImportRequest(path=table, name="pairs")).lengths
    assert list(lengths) == ["together", "text", "text_b"]
    assert [lengths[name]["words"]["median"] for name in lengths] == [7, 3, 4]
