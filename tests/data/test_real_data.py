"""Public research sets are read correctly by automatic detection alone."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.readers import read_table

ROOT = Path(os.environ.get("STUDIO_TEST_DATA", "/absent"))
FILES = [
    ("bbc_news/BBC News Train.csv", 1490, ["Text", "Category"], ",", "utf-8"),
    ("sst2/train.tsv", 6920, ["column_1", "column_2"], "\t", "utf-8"),
    ("sst2/dev.tsv", 872, ["column_1", "column_2"], "\t", "utf-8"),
    ("sst2/test.tsv", 1821, ["column_1", "column_2"], "\t", "utf-8"),
    ("sms_spam/SMSSpamCollection", 5574, ["column_1", "column_2"], "\t", "utf-8"),
    ("banking77/train.csv", 10003, ["text", "category"], ",", "utf-8"),
    ("banking77/test.csv", 3080, ["text", "category"], ",", "utf-8"),
    ("chnsenticorp/train.tsv", 9600, ["label", "text_a"], "\t", "utf-8"),
    ("chnsenticorp/dev.tsv", 1200, ["label", "text_a"], "\t", "utf-8"),
    ("chnsenticorp/test.tsv", 1200, ["label", "text_a"], "\t", "utf-8"),
    ("thucnews_titles/test.txt", 10000, ["column_1", "column_2"], "\t", "utf-8"),
    ("thucnews_titles/dev.txt", 10000, ["column_1", "column_2"], "\t", "utf-8"),
    ("stsb_en/stsb-en-train.csv", 5749, ["column_1", "column_2", "column_3"], ",", "utf-8"),
    ("mrpc/train.tsv", 3667, ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], "\t", "utf-8-sig"),
    ("mrpc/dev.tsv", 408, ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], "\t", "utf-8-sig"),
    (
        "mrpc/msr_paraphrase_test.txt",
        1725,
        ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"],
        "\t",
        "utf-8-sig",
    ),
    ("stsb_en/stsb-en-dev.csv", 1500, ["column_1", "column_2", "column_3"], ",", "utf-8"),
    ("stsb_en/stsb-en-test.csv", 1379, ["column_1", "column_2", "column_3"], ",", "utf-8"),
    ("codah/fold_0/train.tsv", 1665, [f"column_{n}" for n in range(1, 8)], "\t", "utf-8"),
    ("codah/fold_0/dev.tsv", 556, [f"column_{n}" for n in range(1, 8)], "\t", "utf-8"),
    ("codah/fold_0/test.tsv", 555, [f"column_{n}" for n in range(1, 8)], "\t", "utf-8"),
    ("codah/full_data.tsv", 2776, [f"column_{n}" for n in range(1, 8)], "\t", "utf-8"),
]
# The suite's own JSON names another telephone number than the CSV it belongs to.
SUITE_ERRATA = {"location_coordinates": {"Contact Phone Number": "2095257564"}}
LABELS = [
    ("bbc_news/BBC News Train.csv", "Category", {"sport": 346, "business": 336, "politics": 274}),
    ("sst2/train.tsv", "column_2", {"1": 3610, "0": 3310}),
    ("sst2/dev.tsv", "column_2", {"1": 444, "0": 428}),
    ("sst2/test.tsv", "column_2", {"0": 912, "1": 909}),
    ("sms_spam/SMSSpamCollection", "column_1", {"ham": 4826, "spam": 747, " ham": 1}),
    ("chnsenticorp/dev.tsv", "label", {"0": 607, "1": 593}),
    ("chnsenticorp/test.tsv", "label", {"1": 608, "0": 592}),
    ("thucnews_titles/test.txt", "column_2", {str(index): 1000 for index in range(10)}),
    ("thucnews_titles/dev.txt", "column_2", {str(index): 1000 for index in range(10)}),
    ("mrpc/train.tsv", "Quality", {"1": 2473, "0": 1194}),
    ("mrpc/dev.tsv", "Quality", {"1": 279, "0": 129}),
    ("mrpc/msr_paraphrase_test.txt", "Quality", {"1": 1147, "0": 578}),
    ("codah/full_data.tsv", "column_7", {"3": 706, "2": 697, "0": 689, "1": 684}),
]
SPECTRUM = sorted(path.stem for path in (ROOT / "csv_spectrum" / "csvs").glob("*.csv"))


def real(name: str) -> Path:
    """A file of the real data, or skip where it is absent."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"real data: {name} is not under STUDIO_TEST_DATA")
    return path


def import_real(name: str, **more: object) -> PreparedImport:
    """Prepare an import of a real file."""
    return prepare_import(ImportRequest(path=real(name), name="real", **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "rows", "columns", "delimiter", "encoding"), FILES, ids=[f[0] for f in FILES]
)
def test_a_real_file_is_read_whole(
    name: str, rows: int, columns: list[str], delimiter: str, encoding: str
) -> None:
    table = read_table(real(name))
    assert (table.report.rows_read, table.report.rows_dropped) == (rows, 0)
    assert list(table.frame.columns) == columns
    assert (table.report.delimiter, table.report.encoding) == (delimiter, encoding)


@pytest.mark.parametrize(("name", "column", "counts"), LABELS, ids=[f[0] for f in LABELS])
def test_a_real_file_has_the_labels_its_authors_count(name: str, column: str, counts: dict[str, int]) -> None:
    found = Counter(read_table(real(name)).frame[column])
    assert {label: found[label] for label in counts} == counts


@pytest.mark.parametrize(
    "name", [name for name, *_ in FILES if name.endswith((".tsv", "Collection", ".txt"))]
)
def test_a_real_file_that_quotes_nothing_comes_back_byte_for_byte(name: str) -> None:
    table = read_table(real(name))
    lines = real(name).read_bytes().decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    written = ["\t".join(row) for row in table.frame.itertuples(index=False, name=None)]
    assert written == [lines[line - 1] for line in table.lines]
    assert sum(map(bool, map(str.strip, lines))) == len(written) + table.report.header


def test_sms_spam_keeps_its_damaged_apostrophes() -> None:
    table = read_table(real("sms_spam/SMSSpamCollection"))
    assert table.report.encoding == "utf-8"
    assert table.frame["column_2"].str.contains("\x92").any()


@pytest.mark.parametrize("name", SPECTRUM)
def test_a_file_of_the_csv_spectrum_gives_the_expected_cells(tmp_path: Path, name: str) -> None:
    data = real(f"csv_spectrum/csvs/{name}.csv").read_bytes()
    if name.endswith("_crlf"):
        # Copies of the suite that went through git as text have lost what these files are about.
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    path = tmp_path / f"{name}.csv"
    path.write_bytes(data)
    expected = json.loads(real(f"csv_spectrum/json/{name}.json").read_text("utf-8"))
    expected = expected if isinstance(expected, list) else [expected]
    for row in expected:
        row.update(SUITE_ERRATA.get(name, {}))
    assert read_table(path).frame.to_dict("records") == expected


def test_bbc_has_its_classes_and_no_duplicate_on_two_sides() -> None:
    prepared = import_real("bbc_news/BBC News Train.csv")
    assert not prepared.blocking
    assert prepared.roles == {"text": "Text", "label": "Category"}
    totals = {
        label: sum(counts[label] for counts in prepared.class_counts.values()) for label in prepared.labels
    }
    assert totals == {"business": 336, "entertainment": 273, "politics": 274, "sport": 346, "tech": 261}
    assert {p.code: p.count for p in prepared.problems}["duplicate_text"] == 50
    texts = {split: set(frame["text"]) for split, frame in prepared.frames.items()}
    assert not texts["train"] & texts["test"]
    assert not texts["train"] & texts["validation"]
    assert not texts["validation"] & texts["test"]
    assert abs(prepared.rows["test"] - 149) <= 1


def test_sst2_comes_with_its_own_splits() -> None:
    root = real("sst2/dev.tsv").parent
    prepared = import_real("sst2/train.tsv", validation=root / "dev.tsv", test=root / "test.tsv")
    assert not prepared.blocking
    assert prepared.labels == ("0", "1")
    assert prepared.rows == {"train": 6920, "validation": 872, "test": 1821}
    assert prepared.class_counts["test"] == {"0": 912, "1": 909}


def test_sms_spam_keeps_its_padded_label_and_says_so() -> None:
    prepared = import_real("sms_spam/SMSSpamCollection")
    assert not prepared.blocking
    assert prepared.labels == (" ham", "ham", "spam")
    padded = next(problem for problem in prepared.problems if problem.code == "padded_label")
    assert padded.rows == (1,)


def test_banking77_has_its_77_labels() -> None:
    prepared = import_real("banking77/train.csv", test=real("banking77/test.csv"))
    assert not prepared.blocking
    assert len(prepared.labels) == 77
    assert set(prepared.class_counts["test"].values()) == {40}


def test_chnsenticorp_keeps_its_stray_quotes() -> None:
    table = read_table(real("chnsenticorp/train.tsv"))
    assert Counter(table.frame["label"]) == {"0": 4801, "1": 4799}
    raw = real("chnsenticorp/train.tsv").read_text("utf-8").split("\n")
    assert [raw[line - 1].split("\t")[1] for line in table.lines] == table.frame["text_a"].tolist()


def test_thucnews_gets_its_names_from_class_txt() -> None:
    prepared = import_real("thucnews_titles/test.txt", labels_file=real("thucnews_titles/class.txt"))
    assert not prepared.blocking
    assert prepared.labels[:3] == ("finance", "realty", "stocks")
    assert set(prepared.class_counts["train"].values()) == {800}
