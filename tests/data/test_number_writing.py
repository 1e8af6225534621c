"""How numbers are written is found from the whole column, told, and kept as plain numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.data.fixes import FixChoice
from studio.data.guessing import guess_task
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.problems import Problem
from studio.data.readers import read_table
from studio.data.scoring import prepare_scoring, read_as_learnt
from studio.tasks.registry import TASKS
from studio.tasks.regression import REGRESSION, read_number
from tests.conftest import write_csv

HEADER = ("item", "price")
PLAIN = [f"{number}.{number % 90 + 10}" for number in range(12, 52)]


def table_of(folder: Path, cells: list[str], name: str = "prices.csv") -> Path:
    """A table of items with these prices."""
    return write_csv(
        folder / name, [[f"an oak chair, number {n}", cell] for n, cell in enumerate(cells)], HEADER
    )


def ask(path: Path, *fixes: str, **options: object) -> ImportRequest:
    """The request to learn the prices."""
    chosen = tuple(map(FixChoice.parse, fixes))
    return ImportRequest(path=path, name="prices", task="regression", fixes=chosen, **options)  # type: ignore[arg-type]


def stored(made: PreparedImport) -> dict[int, str]:
    """The cells that are kept, by the number of the item."""
    return {
        int(text.rsplit(" ", 1)[1]): cell
        for frame in made.frames.values()
        for text, cell in zip(frame["text"], frame["number"], strict=True)
    }


def found_in(made: PreparedImport) -> dict[str, Problem]:
    """The findings by code."""
    return {problem.code: problem for problem in made.problems}


@pytest.mark.parametrize(
    ("cells", "kept", "code", "told"),
    [
        (
            ["1,624.31", "EUR 1,119.63"],
            ["1624.31", "1119.63"],
            "commas_read",
            "'EUR 1,119.63' is read as 1119.63",
        ),
        (["1,126", "12.50"], ["1126", "12.50"], "commas_read", "'1,126' is read as 1126"),
        (["$1,234.50", "-$3"], ["1234.50", "-3"], "commas_read", "'$1,234.50' is read as 1234.50"),
        (["12,34,567", "12.5"], ["1234567", "12.5"], "commas_read", "'12,34,567' is read as 1234567"),
        (["1'234.50 CHF", "(", "7"], ["1234.50", "7"], "numbers_read", "is read as 1234.50"),
    ],
)
def test_a_cell_that_can_be_read_in_one_way_settles_the_others(
    tmp_path: Path, cells: list[str], kept: list[str], code: str, told: str
) -> None:
    made = prepare_import(ask(table_of(tmp_path, [*cells, *PLAIN]), drop_bad_rows=True))
    assert [cell for _, cell in sorted(stored(made).items())][: len(kept)] == kept
    assert told in found_in(made)[code].message and found_in(made)[code].severity == "note"
    assert not {"comma_numbers", "point_numbers"} & set(found_in(made))


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        (["3.682,18", "1.126"], ["3682.18", "1126"]),
        (["1 234,50 €", "1.126"], ["1234.50", "1126"]),
        (["1\u00a0234,50", "1\u202f126"], ["1234.50", "1126"]),
        (["0,5", "-12 %", "−3,5"], ["0.5", "-12", "-3.5"]),
    ],
)
def test_a_decimal_comma_is_found_as_well(tmp_path: Path, cells: list[str], kept: list[str]) -> None:
    plain = [cell.replace(".", ",") for cell in PLAIN]
    made = prepare_import(ask(table_of(tmp_path, [*cells, *plain])))
    assert [stored(made)[number] for number in range(len(kept))] == kept
    assert all(read_number(cell) == float(cell) for cell in stored(made).values())
    assert "is read as" in found_in(made)["numbers_read"].message


def test_numbers_as_they_are_mostly_written_stay_and_nothing_is_told(tmp_path: Path) -> None:
    cells = ["1e3", "-2.500", "+7", ".5", "3.141", *PLAIN]
    made = prepare_import(ask(table_of(tmp_path, cells)))
    assert stored(made)[0] == "1e3" and stored(made)[4] == "3.141"
    assert not [code for code in found_in(made) if code.endswith("_read")]


UNSETTLED = [f"{n % 8 + 1},{n * 37 % 900 + 100}" for n in range(40)] + ["785", "912", "640"]


def test_where_nothing_settles_commas_the_person_does(tmp_path: Path) -> None:
    path = table_of(tmp_path, UNSETTLED)
    made = prepare_import(ask(path))
    problem = found_in(made)["comma_numbers"]
    assert (problem.count, problem.fixes) == (40, ("comma_thousands",)) and "far_number" not in found_in(made)
    assert read_number(stored(made)[0]) == 1.1
    mended = prepare_import(ask(path, "comma_numbers=comma_thousands"))
    assert stored(mended)[0] == "1100" and stored(mended)[40] == "785"
    (step,) = mended.steps
    assert (step.code, step.action, step.rows) == ("comma_numbers", "comma_thousands", 40)
    assert not {"comma_numbers", "far_number"} & set(found_in(mended))


def test_points_that_make_numbers_far_smaller_than_whole_ones_are_asked_about(tmp_path: Path) -> None:
    points = [cell.replace(",", ".") for cell in UNSETTLED]
    made = prepare_import(ask(table_of(tmp_path, points)))
    assert found_in(made)["point_numbers"].count == 40 and "far_number" not in found_in(made)
    mended = prepare_import(ask(table_of(tmp_path, points), "point_numbers=point_thousands"))
    assert stored(mended)[0] == "1100" and "points_read" in found_in(mended)
    means = [f"{n % 4 + 1}.{(333, 667)[n % 2]}" for n in range(30)] + ["3", "4", "2"]
    assert "point_numbers" not in found_in(prepare_import(ask(table_of(tmp_path, means))))


THOUSANDS = [f"{n % 88 + 11}.{n * 37 % 900 + 100}" for n in range(100)]


def test_cells_that_are_often_the_same_settle_the_others_as_well(tmp_path: Path) -> None:
    made = prepare_import(ask(table_of(tmp_path, [*THOUSANDS, *["1.234.567"] * 7])))
    assert stored(made)[0] == "11100" and stored(made)[100] == "1234567"
    assert found_in(made)["points_read"].count == 107 and "point_numbers" not in found_in(made)


@pytest.mark.parametrize("more", [["1.234.567"], ["1.234.567", "450"], ["1.234.567"] * 4])
def test_too_few_cells_that_contradict_how_points_are_read_are_told(
    studio: Studio, tmp_path: Path, more: list[str]
) -> None:
    path = table_of(tmp_path, [*THOUSANDS, *more])
    made = prepare_import(ask(path))
    problem = found_in(made)["point_numbers"]
    assert (problem.count, problem.fixes) == (100, ("point_thousands",))
    assert "far_number" not in found_in(made)
    mended = prepare_import(ask(path, "point_numbers=point_thousands"))
    assert stored(mended)[0] == "11100" and stored(mended)[100] == "1234567"
    assert "point_numbers" not in found_in(mended) and "far_number" in found_in(mended)
    twice = tmp_path / "twice.csv"
    twice.write_text("\n".join([*path.read_text().splitlines(), '"an oak chair, number 0",11.100']))
    kept = studio.datasets.import_file(ask(twice, "duplicate_text=drop_repeats"))
    counts = {problem.code: problem.count for problem in kept.problems}
    assert (kept.version, counts["point_numbers"]) == (2, 100) and "far_number" not in counts


def test_one_slip_among_many_that_tell_the_mark_questions_none(tmp_path: Path) -> None:
    made = prepare_import(ask(table_of(tmp_path, [*PLAIN, "3.141", "2.718", "12,5"])))
    assert stored(made)[42] == "12.5" and "point_numbers" not in found_in(made)


@pytest.mark.parametrize("more", [[], ["45 €", "0 €"]])
def test_points_in_money_are_asked_about_where_all_have_three_digits(tmp_path: Path, more: list[str]) -> None:
    path = table_of(tmp_path, [*(f"{cell} €" for cell in THOUSANDS[:-9]), *THOUSANDS[-9:], *more])
    problem = found_in(prepare_import(ask(path)))["point_numbers"]
    assert (problem.count, problem.fixes) == (100, ("point_thousands",))
    mended = prepare_import(ask(path, "point_numbers=point_thousands"))
    assert stored(mended)[0] == "11100" and "point_numbers" not in found_in(mended)


@pytest.mark.parametrize("unit", ["", " %"])
def test_points_before_three_digits_are_usual_where_no_money_is(tmp_path: Path, unit: str) -> None:
    made = prepare_import(ask(table_of(tmp_path, [f"{cell}{unit}" for cell in THOUSANDS])))
    assert stored(made)[0] == "11.100" and "point_numbers" not in found_in(made)


def test_all_files_of_a_dataset_are_read_in_the_same_way(tmp_path: Path) -> None:
    path = table_of(tmp_path, ["1,624.31", *PLAIN])
    test = table_of(tmp_path, [f"{n},126" for n in range(1, 9)], "test.csv")
    made = prepare_import(ask(path, test=test))
    assert made.frames["test"]["number"].tolist() == [f"{n}126" for n in range(1, 9)]


def test_a_table_to_score_on_is_read_as_the_column_that_was_learnt(studio: Studio, tmp_path: Path) -> None:
    learnt = studio.datasets.import_file(ask(table_of(tmp_path, ["1,624.31", *PLAIN], "learnt.csv")))
    path = table_of(tmp_path, ["1,126", "785", "n/a"])
    roles = {"text": "item", "number": "price"}
    plain = prepare_scoring(ask(path, drop_bad_rows=True, roles=roles), (), REGRESSION)
    assert "comma_numbers" in found_in(plain)
    alike = read_as_learnt(ask(path, drop_bad_rows=True, roles=roles), learnt)
    like = prepare_scoring(alike, (), REGRESSION)
    assert like.frames["test"]["number"].tolist() == ["1126", "785"]


def test_cells_without_a_number_are_shown_as_they_stand(tmp_path: Path) -> None:
    made = prepare_import(ask(table_of(tmp_path, ["n/a", "-", "on request", "", *PLAIN])))
    problem = found_in(made)["not_a_number"]
    assert problem.rows == (2, 3, 4) and problem.examples[2] == "Line 4: “on request”"
    assert found_in(made)["missing_number"].rows == (5,)


def test_other_units_are_told_and_can_be_left_out(studio: Studio, tmp_path: Path) -> None:
    path = table_of(tmp_path, ["USD 20", "$21", *(f"{cell} €" for cell in PLAIN[:20]), *PLAIN[20:]])
    problem = found_in(prepare_import(ask(path)))["mixed_units"]
    assert problem.rows == (2, 3) and "EUR in 20 rows, USD in 2 rows" in problem.message
    made = studio.datasets.import_file(ask(path, "mixed_units=drop_rows"))
    assert sum(made.rows.values()) == 40 and not [p for p in made.problems if p.code == "mixed_units"]


def test_numbers_far_from_all_others_can_be_left_out(studio: Studio, tmp_path: Path) -> None:
    path = table_of(tmp_path, ["1250000", *PLAIN])
    assert found_in(prepare_import(ask(path)))["far_number"].fixes == ("drop_rows",)
    made = studio.datasets.import_file(ask(path, "far_number=drop_rows"))
    assert (made.version, sum(made.rows.values())) == (2, 40)
    assert [(step.action, step.rows) for step in made.steps] == [("drop_rows", 1)]
    assert sum(studio.datasets.undo_step("prices", 1).rows.values()) == 41


def test_a_column_of_prices_is_found_however_they_are_written(tmp_path: Path) -> None:
    for cells in (["$1,234.50", "$12.25"], ["3.682,18", "5,25"], ["1 234,50 kr", "7,25 kr"]):
        some = [cell.replace("2", str(n % 10)) for n in range(20) for cell in cells]
        table = read_table(table_of(tmp_path, some))
        assert guess_task(table, list(TASKS.values())) == "regression", cells
