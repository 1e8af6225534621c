"""The matrix tells a story with a fault at every passing, counts what died, and finds what is wrong after."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from jobs.durable import temporary_name
from studio.bootstrap import start_studio
from studio.errors import Damaged
from tests.faults.matrix import Matrix, Numbers, Row, show
from tests.faults.processes import Place, judge_home
from tests.faults.stories import STORIES
from tests.faults.story import Story, settings_of
from tests.faults.telling import Told, tell_at


class Scripted(Matrix):
    """Takes no time: the point is passed three times, and the second is not survived."""

    def tell(self, fault: str) -> Told:
        """As if it had been told."""
        number = int(fault.partition(":")[2])
        return Told("child" if number <= 3 else "", wrong=["Lost."] if number == 2 else [])


def test_every_passing_is_tried_until_the_point_is_not_passed_any_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = Scripted(Story("made up", Path.mkdir), tmp_path / "matrix", at_once=1)
    (row,) = matrix.run(["commit"])
    assert (row.tried, row.survived, row.died) == (3, 2, Counter(child=3))
    assert row.wrong == ["made up commit:2: Lost."]
    assert str(tmp_path / "matrix" / "commit-2") in capsys.readouterr().err
    assert "3 faults tried, 2 survived" in show([row], 60.0)


def test_a_long_story_is_tried_at_every_so_many_th_passing() -> None:
    numbers = Numbers(6)
    assert [next(numbers) for _ in range(3)] == [1, 7, 13]
    numbers.end()
    assert list(numbers) == []
    assert "every 6th" in show([Row("made up", "fsync", 6)], 1.0)


@pytest.mark.slow
def test_a_studio_that_is_killed_while_it_starts_starts_again(tmp_path: Path) -> None:
    STORIES["start"].prepare(tmp_path / "prepared")
    told = tell_at("start", "commit:1", tmp_path / "prepared", tmp_path / "told")
    assert (told.died, told.wrong) == ("app", [])
    assert not (tmp_path / "told").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "died"), [("worker.signal:2", "worker"), ("child.rename:1", "child")])
def test_a_queue_survives_the_death_of_worker_and_child(tmp_path: Path, fault: str, died: str) -> None:
    STORIES["queue"].prepare(tmp_path / "prepared")
    told = tell_at("queue", fault, tmp_path / "prepared", tmp_path / "told")
    assert (told.died, told.wrong) == (died, [])


def test_a_temporary_file_that_is_left_is_found(tmp_path: Path) -> None:
    place = Place("start", tmp_path)
    STORIES["start"].prepare(place.home)
    assert judge_home(place) == []
    left = temporary_name(place.home / "models" / "x.json")
    left.touch()
    assert judge_home(place) == [f"A temporary file is left: {left}."]


def test_a_damaged_upload_is_found(tmp_path: Path) -> None:
    place = Place("tables", tmp_path)
    STORIES["tables"].prepare(place.home)
    with closing(start_studio(settings_of(place.home))) as studio:
        STORIES["tables"].commands["import here"](studio)
        rows = studio.settings.datasets_dir / studio.datasets.get("here").id / "train.parquet"
    content = rows.read_bytes()
    rows.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    assert any("train rows of the dataset" in sentence for sentence in judge_home(place))


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    place = Place("start", tmp_path)
    STORIES["start"].prepare(place.home)
    path = place.home / "studio.db"
    path.write_bytes(path.read_bytes()[:8192] + b"x" * 8192)
    with pytest.raises(Damaged):
        judge_home(place)


def test_what_a_story_expects_and_does_not_find_is_told(tmp_path: Path) -> None:
    place = Place("queue", tmp_path)
    STORIES["queue"].prepare(place.home)
    with pytest.raises(LookupError, match="was accepted and is not there"):
        judge_home(place)


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    place = Place("start", tmp_path)
    assert place.commands_done() == []
    place.done.write_text("submit\npause\n")
    assert place.commands_done() == ["submit", "pause"]
