"""Fixes that are chosen for an import: what they do, and that they can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.data.fixes import FixChoice
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.splits import SplitPlan
from studio.errors import InvalidInput
from tests.data.tables import many_rows, write_table

HEADER = ("text", "label")
DISTINCT = [
    f"{animal} {verb} {place}"
    for animal in ("a horse", "the old owl", "my neighbour's dog", "some otter", "every heron")
    for verb in ("sleeps under", "was seen near", "never liked", "broke into", "sings about")
    for place in ("the bridge", "a barn at night", "our kitchen", "the harbour wall")
]


def distinct_rows() -> list[tuple[str, str]]:
    return [(text, "ab"[place % 2]) for place, text in enumerate(DISTINCT)]


def ask(path: Path, *fixes: str, **wishes: object) -> PreparedImport:
    chosen = tuple(map(FixChoice.parse, fixes))
    return prepare_import(ImportRequest(path=path, name="t", fixes=chosen, **wishes))  # type: ignore[arg-type]


def codes_of(prepared: PreparedImport) -> dict[str, int]:
    return {problem.code: problem.count for problem in prepared.problems}


def test_rows_with_one_kind_of_error_are_left_out_and_the_others_still_block(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", [HEADER, *distinct_rows(), ("no label", ""), ("", "a")])
    prepared = ask(path, "missing_label=drop_rows")
    errors = [problem.code for problem in prepared.problems if problem.severity == "error"]
    assert errors == ["missing_text"]
    both = ask(path, "missing_label=drop_rows", "missing_text=drop_rows")
    assert not both.blocking
    assert [(step.code, step.rows) for step in both.steps] == [("missing_text", 1), ("missing_label", 1)]
    assert both.reader.rows_read + both.reader.rows_dropped == len(DISTINCT) + 2


def test_a_short_row_is_filled_where_that_is_chosen(tmp_path: Path) -> None:
    text = "id,text,label,remark\n" + "".join(f"{n},{t},{y},x\n" for n, (t, y) in enumerate(distinct_rows()))
    path = tmp_path / "t.csv"
    path.write_text(text + "900,the last of all,a\n", encoding="utf-8")
    assert ask(path).blocking
    filled = ask(path, "too_few_fields=fill_fields")
    assert not filled.blocking
    assert sum(filled.rows.values()) == len(DISTINCT) + 1
    assert [(step.code, step.action, step.rows) for step in filled.steps] == [
        ("too_few_fields", "fill_fields", 1)
    ]


def test_a_fix_of_rows_makes_a_second_version_that_can_be_undone(tmp_path: Path, studio: Studio) -> None:
    rows = [*distinct_rows(), *[(DISTINCT[0], "a")] * 3, ("padded is its label", " a")]
    request = ImportRequest(
        path=write_table(tmp_path / "t.csv", [HEADER, *rows]),
        name="t",
        fixes=(FixChoice("duplicate_text", "drop_repeats"), FixChoice("padded_label", "trim_labels")),
    )
    prepared = studio.datasets.prepare(request)
    made = studio.datasets.import_file(request)
    assert made.rows == prepared.rows
    assert sum(made.rows.values()) == len(rows) - 3
    assert (made.version, made.labels) == (2, ("a", "b"))
    assert [(step.action, step.rows) for step in made.steps] == [("trim_labels", 1), ("drop_repeats", 3)]
    first = studio.datasets.get("t@1")
    assert first.labels == (" a", "a", "b")
    assert made.parent == first.id
    undone = studio.datasets.undo_step("t", 2)
    assert sum(undone.rows.values()) == len(rows)
    assert undone.labels == ("a", "b")


def test_what_was_only_accepted_makes_no_second_version(tmp_path: Path, studio: Studio) -> None:
    rows = [*distinct_rows(), *[(DISTINCT[0], "a")] * 3]
    request = ImportRequest(
        path=write_table(tmp_path / "t.csv", [HEADER, *rows]),
        name="t",
        fixes=(FixChoice("duplicate_text", "ignore"),),
    )
    made = studio.datasets.import_file(request)
    assert made.version == 1
    assert [step.action for step in made.steps] == ["ignore"]


def test_an_action_that_does_not_exist_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'wash'"):
        ask(tmp_path / "nowhere.csv", "html=wash")


def test_texts_that_a_split_column_puts_on_two_sides_are_found_and_moved(tmp_path: Path) -> None:
    sides = ["train"] * 60 + ["dev"] * 20 + ["test"] * 20
    rows = [(*row, side) for row, side in zip(distinct_rows(), sides, strict=True)]
    rows += [(*distinct_rows()[0], "test"), (DISTINCT[1].upper() + " !", "b", "test")]
    path = write_table(tmp_path / "t.csv", [(*HEADER, "split"), *rows])
    plan = SplitPlan("column", column="split")
    leaky = ask(path, plan=plan)
    assert codes_of(leaky)["shared_text"] == 1
    assert codes_of(leaky)["near_shared_text"] == 1
    bit = leaky.mark_codes.index("shared_text")
    assert (leaky.frames["test"]["marks"].to_numpy() >> bit & 1).sum() == 1
    moved = ask(path, "shared_text=move_to_train", "near_shared_text=move_to_train", plan=plan)
    assert not {"shared_text", "near_shared_text"} & set(codes_of(moved))
    assert moved.rows == {"train": 62, "validation": 20, "test": 20}


def test_nearly_the_same_texts_stay_on_one_side_of_a_random_division(tmp_path: Path) -> None:
    pairs = [(text + tail, label) for text, label in distinct_rows() for tail in ("", " !")]
    prepared = ask(write_table(tmp_path / "t.csv", [HEADER, *pairs]))
    side = {text: split for split, frame in prepared.frames.items() for text in frame["text"]}
    assert all(side[text] == side[text + " !"] for text in DISTINCT)
    assert "near_shared_text" not in codes_of(prepared)


def test_another_division_of_known_rows_is_noticed(tmp_path: Path, studio: Studio) -> None:
    path = write_table(tmp_path / "t.csv", [HEADER, *many_rows(400)])
    studio.datasets.import_file(ImportRequest(path=path, name="first"))
    again = studio.datasets.prepare(ImportRequest(path=path, name="second", seed=7))
    assert "incomparable_split" in codes_of(again)
    same = studio.datasets.prepare(ImportRequest(path=path, name="second"))
    assert "incomparable_split" not in codes_of(same)


def test_a_column_that_says_the_label_is_named(tmp_path: Path) -> None:
    rows = [(text, label, "one" if label == "a" else "two") for text, label in distinct_rows()]
    prepared = ask(
        write_table(tmp_path / "t.csv", [(*HEADER, "name"), *rows]), roles={"text": "text", "label": "label"}
    )
    found = [problem for problem in prepared.problems if "name" in problem.message]
    assert found


@pytest.mark.parametrize(
    ("plan", "odd", "code"),
    [
        (SplitPlan("column", column="part"), "elsewhere", "unknown_split"),
        (SplitPlan("time", column="part"), "some day", "unreadable_time"),
    ],
)
def test_rows_that_have_no_side_are_left_out_where_that_is_chosen(
    tmp_path: Path, plan: SplitPlan, odd: str, code: str
) -> None:
    places = ["train", "train", "validation", "test"] if plan.kind == "column" else list("1234")
    rows = [(text, label, places[place % 4]) for place, (text, label) in enumerate(distinct_rows())]
    path = write_table(tmp_path / "t.csv", [(*HEADER, "part"), *rows, ("one more text", "a", odd)])
    assert ask(path, plan=plan).blocking
    mended = ask(path, f"{code}=drop_rows", plan=plan)
    assert not mended.blocking
    assert (mended.reader.rows_read, mended.reader.rows_dropped) == (len(rows), 1)
    assert [(step.code, step.action, step.rows) for step in mended.steps] == [(code, "drop_rows", 1)]


def test_labels_that_only_later_rows_have_are_left_out_in_an_import_and_afterwards(
    tmp_path: Path, studio: Studio
) -> None:
    rows = [(text, label, str(place)) for place, (text, label) in enumerate(distinct_rows())]
    rows[-1] = (rows[-1][0], "late", rows[-1][2])
    path = write_table(tmp_path / "t.csv", [(*HEADER, "part"), *rows])
    plan, choice = SplitPlan("time", column="part"), FixChoice("label_not_in_train", "drop_rare_labels")
    assert "label_not_in_train" in codes_of(ask(path, plan=plan))
    mended = ask(path, str(choice), plan=plan)
    assert not mended.blocking and mended.labels == ("a", "b")
    assert "label_not_in_train" not in codes_of(mended)
    studio.datasets.import_file(ImportRequest(path=path, name="later", plan=plan))
    second = studio.datasets.apply_fixes("later", [choice])
    assert second.labels == ("a", "b")
    assert "label_not_in_train" not in {problem.code for problem in second.problems}
