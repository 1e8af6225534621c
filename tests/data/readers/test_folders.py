"""A folder or zip with one file per split, or one folder per class, is one table."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from studio.data.importing import ImportRequest, prepare_import
from studio.data.readers import Table, read_table
from studio.errors import InvalidInput
from tests.data.readers.made import codes_of, read, rows_of, write_bytes, write_gzip, write_xlsx, write_zip
from tests.data.test_real_data import real

TRAIN = b"text,label\nso good,a\nnot for me,b\nfine by me,a\n"
DEV = b"text,label\nrather dull,b\n"
TEST = b"text,label\nlovely,a\nawful,b\n"


def write_tree(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with files in it."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def as_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """A zip archive without an ending, so that its name says nothing."""
    path.mkdir(parents=True, exist_ok=True)
    return write_zip(path / "upload", files)


BOTH = pytest.mark.parametrize("make", [write_tree, as_zip], ids=["folder", "zip"])
Make = Callable[[Path, Mapping[str, bytes]], Path]


def splits_of(table: Table) -> dict[str, int]:
    """Rows of each split."""
    assert table.split_column is not None
    return table.frame[table.split_column].value_counts().to_dict()


@BOTH
@pytest.mark.parametrize(
    "names",
    [
        ("train.csv", "dev.csv", "test.csv"),
        ("data/train/part.csv", "data/validation/part.csv", "data/test/part.csv"),
        ("my_TRAIN.txt", "my-val.txt", "my.test.txt"),
        ("训练.csv", "验证.csv", "测试.csv"),
    ],
    ids=["files", "folders", "parts of names", "Chinese"],
)
def test_one_file_per_split_is_one_table_with_a_split_column(
    tmp_path: Path, make: Make, names: tuple[str, str, str]
) -> None:
    files = dict(zip(names, (TRAIN, DEV, TEST), strict=True))
    extra = {"__MACOSX/._train.csv": b"\0", ".DS_Store": b"\0", "README.md": b"# about"}
    table = read(make(tmp_path / "t", {**files, **extra}))
    assert list(table.frame.columns) == ["text", "label", "split"]
    assert splits_of(table) == {"train": 3, "test": 2, "validation": 1}
    assert rows_of(table)[3] == ("rather dull", "b", "validation")
    assert table.lines.tolist() == [2, 3, 4, 2, 2, 3]
    assert table.files is not None
    assert table.files.tolist()[0].endswith(Path(names[0]).name)
    assert (table.report.format, table.report.rows_read, len(table.report.parts)) == ("csv", 6, 3)
    assert codes_of(table) == {"other_files": ("note", 1, ())}


@BOTH
def test_one_folder_per_class_is_a_table_of_texts(tmp_path: Path, make: Make) -> None:
    files = {
        "mail/spam/1.txt": b"win a prize\n",
        "mail/spam/2.txt": "buy now, “cheap”\r\n".encode(),
        "mail/ham/1.txt": b"see you\nat eight\n",
        "mail/ham/2.txt": b"",
    }
    table = read(make(tmp_path / "t", files))
    assert rows_of(table) == [
        ("see you\nat eight", "ham", "ham/1.txt"),
        ("", "ham", "ham/2.txt"),
        ("win a prize", "spam", "spam/1.txt"),
        ("buy now, “cheap”", "spam", "spam/2.txt"),
    ]
    assert table.roles == {"text": "text", "label": "label"}
    assert table.split_column is None
    assert (table.report.format, table.report.parts) == ("folder", ("ham", "spam"))


@BOTH
def test_folders_per_class_inside_folders_per_split_have_both(tmp_path: Path, make: Make) -> None:
    files = {
        f"aclImdb/{split}/{label}/{number}_7.txt": f"{split} {label} {number}".encode()
        for split in ("train", "test")
        for label in ("pos", "neg")
        for number in range(3)
    }
    files["aclImdb/imdb.vocab"] = b"the\nand\n"
    files["aclImdb/README"] = b"Large Movie Review Dataset"
    table = read(make(tmp_path / "t", files))
    assert splits_of(table) == {"train": 6, "test": 6}
    assert table.frame["label"].value_counts().to_dict() == {"pos": 6, "neg": 6}
    assert codes_of(table) == {"other_files": ("note", 2, ())}


def test_texts_of_a_folder_share_the_encoding_that_fits_them_all(tmp_path: Path) -> None:
    files = {
        f"{label}/{number}.txt": f"这家酒店的服务{word}，第{number}次来了".encode("gb18030")
        for label, word in (("好", "很好"), ("坏", "很差"))
        for number in range(5)
    }
    files["坏/9.txt"] = b"plain"
    table = read(write_tree(tmp_path / "t", files))
    assert table.report.encoding == "gb18030"
    assert set(table.frame["label"]) == {"好", "坏"}
    assert all("酒店" in text for text in table.frame["text"][:5])


def test_names_of_a_zip_made_on_a_chinese_system_are_decoded(tmp_path: Path) -> None:
    rebuilt = io.BytesIO()
    write_old_zip(
        rebuilt, {f"{label}/{n}.txt": f"{label}的内容" for label in ("体育新闻", "财经新闻") for n in "01"}
    )
    path = write_bytes(tmp_path / "t.zip", rebuilt.getvalue())
    assert set(read(path).frame["label"]) == {"体育新闻", "财经新闻"}


def write_old_zip(target: io.BytesIO, files: Mapping[str, str]) -> None:
    """A zip whose names are GB18030 without a mark that says so."""
    with zipfile.ZipFile(target, "w") as archive:
        for index, text in enumerate(files.values()):
            archive.writestr(f"{index:0>60}", text)
    data = target.getvalue()
    for index, name in enumerate(files):
        written = name.encode("gb18030")
        padded = b"/".join([b"x" * (59 - len(written)), written])
        data = data.replace(f"{index:0>60}".encode(), padded)
    target.seek(0)
    target.write(data)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_table_is_read_as_what_is_inside(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    table = read(write_bytes(tmp_path / "t.csv", pack(TRAIN)))
    assert (table.report.format, table.report.parts) == ("csv", ("t.csv",))
    assert len(table.frame) == 3


def test_a_compressed_workbook_and_jsonl_are_read(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "t.xlsx", {"S": [("text", "label"), ("one", "a"), ("two", "b")]})
    assert rows_of(read(write_gzip(tmp_path / "a", book.read_bytes()))) == [("one", "a"), ("two", "b")]
    lines = b'{"text": "one", "label": 1}\n{"text": "two", "label": 0}\n'
    assert rows_of(read(write_gzip(tmp_path / "b", lines))) == [("one", "1"), ("two", "0")]


def test_a_zip_with_one_table_is_that_table(tmp_path: Path) -> None:
    table = read(write_zip(tmp_path / "May.zip", {"May/tickets.csv": TRAIN, "May/readme.txt": b"about"}))
    assert len(table.frame) == 3
    assert (table.file, table.report.parts) == ("May.zip/tickets.csv", ("tickets.csv",))


def test_parquet_shards_of_splits_are_put_together(tmp_path: Path) -> None:
    def shard(start: int) -> bytes:
        sink = io.BytesIO()
        pq.write_table(pa.table({"text": [f"t{start}", f"t{start + 1}"], "label": [0, 1]}), sink)
        return sink.getvalue()

    files = {f"data/train-0000{n}-of-00002.parquet": shard(10 * n) for n in range(2)}
    files["data/test-00000-of-00001.parquet"] = shard(90)
    table = read(write_tree(tmp_path / "t", files))
    assert table.frame["text"].tolist() == ["t0", "t1", "t10", "t11", "t90", "t91"]
    assert splits_of(table) == {"train": 4, "test": 2}


def test_a_labels_file_beside_the_tables_comes_with_them(tmp_path: Path) -> None:
    files = {
        "train.txt": b"so good\t1\nbad\t0\n" * 3,
        "test.txt": b"fine\t1\nmeh\t0\n",
        "class.txt": b"bad\ngood\n",
    }
    table = read(write_zip(tmp_path / "t.zip", files))
    assert table.label_names == ("bad", "good")
    assert splits_of(table) == {"train": 6, "test": 2}


def test_without_a_file_for_training_all_rows_are_divided_anew(tmp_path: Path) -> None:
    table = read(write_zip(tmp_path / "t.zip", {"dev.csv": DEV + b"so so,a\n", "test.csv": TEST}))
    assert table.split_column is None
    assert list(table.frame.columns) == ["text", "label"]
    assert table.files is not None
    assert table.files.tolist() == ["t.zip/dev.csv"] * 2 + ["t.zip/test.csv"] * 2
    assert codes_of(table) == {"no_training_file": ("note", 0, ())}


def test_a_test_file_without_labels_is_warned_of(tmp_path: Path) -> None:
    files = {
        "train.csv": TRAIN,
        "test.csv": b"text\nwhat then\nand now\n",
        "sample_submission.csv": b"a,b\n1,2\n",
    }
    table = read(write_zip(tmp_path / "t.zip", files))
    assert table.frame["label"].tolist() == ["a", "b", "a", "", ""]
    assert codes_of(table)["missing_columns"] == ("warning", 1, ())
    assert "sample_submission.csv" in next(p.message for p in table.problems if p.code == "other_files")


def test_squad_and_conll_splits_keep_their_task(tmp_path: Path) -> None:
    text = "John I-PER\nslept O\n\nin O\nRome I-LOC\n"
    files = {name: text.encode() for name in ("eng.train", "eng.testa", "eng.testb")}
    table = read(write_zip(tmp_path / "t.zip", files))
    assert table.task == "token-classification"
    assert splits_of(table) == {"train": 2, "validation": 2, "test": 2}
    assert json.loads(table.frame["tags"].iloc[1]) == ["O", "I-LOC"]


@BOTH
@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"a.csv": TRAIN, "b.csv": TEST}, "2 files, and it is not clear which belong together: a.csv, b.csv"),
        ({"README.md": b"# about"}, "holds no table"),
        ({"train.csv": TRAIN, "test.csv": b"x,y\n1,2\n3,4\n"}, "has other columns than"),
    ],
    ids=["unclear", "nothing", "other columns"],
)
def test_files_that_do_not_fit_together_get_a_sentence(
    tmp_path: Path, make: Make, files: dict[str, bytes], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence) as caught:
        read(make(tmp_path / "t", files))
    assert caught.value.hint


def test_an_empty_folder_and_an_empty_zip_get_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="empty holds no table"):
        read_table(tmp_path / "empty")
    with pytest.raises(InvalidInput, match="holds no table"):
        read(write_zip(tmp_path / "t.zip", {}))


@pytest.mark.parametrize(
    ("folder", "names", "rows"),
    [
        ("sst2", ("train", "dev", "test"), {"train": 6920, "validation": 872, "test": 1821}),
        ("chnsenticorp", ("train", "dev", "test"), {"train": 9600, "validation": 1200, "test": 1200}),
    ],
)
def test_real_splits_in_a_folder_are_read_whole(folder: str, names: Any, rows: dict[str, int]) -> None:
    assert splits_of(read_table(real(f"{folder}/train.tsv").parent)) == rows


def test_the_real_news_titles_come_with_the_names_of_their_classes(tmp_path: Path) -> None:
    root = real("thucnews_titles/test.txt").parent
    path = write_zip(tmp_path / "t.zip", {path.name: path.read_bytes() for path in root.iterdir()})
    table = read(path)
    assert table.label_names[:3] == ("finance", "realty", "stocks")
    assert len(table.frame) == 20000
    prepared = prepare_import(ImportRequest(path=path, name="titles"))
    assert not prepared.blocking
    assert prepared.labels[:3] == ("finance", "realty", "stocks")


@BOTH
def test_an_import_follows_the_files_and_knows_the_place_of_each_row(tmp_path: Path, make: Make) -> None:
    files = {"train.csv": TRAIN, "dev.csv": DEV + b"so so,a\n", "test.csv": TEST}
    prepared = prepare_import(ImportRequest(path=make(tmp_path / "t", files), name="t"))
    assert not prepared.blocking
    assert prepared.rows == {"train": 3, "validation": 2, "test": 2}
    assert prepared.frames["test"]["line"].tolist() == [2, 3]
    assert prepared.frames["test"]["file"].str.endswith("/test.csv").all()


def test_an_import_of_folders_per_class_takes_text_and_label(tmp_path: Path) -> None:
    files = {
        f"{label}/{n}.txt": f"{label} number {n}".encode() for label in ("ham", "spam") for n in range(20)
    }
    prepared = prepare_import(ImportRequest(path=write_tree(tmp_path / "t", files), name="t"))
    assert not prepared.blocking
    assert (prepared.roles, prepared.labels) == ({"text": "text", "label": "label"}, ("ham", "spam"))
