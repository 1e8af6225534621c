"""A long file is answered in constant memory, and goes on where it was when it was interrupted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.prediction.answers import Answerer, Tell
from studio.prediction.kept import NOTE, ROWS
from studio.prediction.tables import FileRequest, PredictedFile, predict_file
from studio.tasks.base import Row

ROOT = Path(__file__).resolve().parents[2]
ROWS_IN_ALL, PIECE = 95, 10


class Interrupted(Exception):
    """Stands for whatever ends a process in the middle."""


class Counting:
    """A model that remembers what it was asked, and breaks down after so many pieces."""

    def __init__(self, pieces: int = 1000, fingerprint: str = "one") -> None:
        self.asked: list[str] = []
        self.left = pieces
        self.answerer = Answerer(("even", "odd"), self.answer, fingerprint)

    def answer(self, rows: list[Row], tell: Tell) -> np.ndarray:
        """The last digit decides."""
        texts = [row["text"] for row in rows]
        self.left -= 1
        if self.left < 0:
            raise Interrupted
        self.asked += texts
        odd = np.array([0.9 if text[-1] in "13579" else 0.2 for text in texts])
        tell(len(texts))
        return np.column_stack([1 - odd, odd])


class Desk:
    """A file to be answered, and a work folder that outlives who answers it."""

    def __init__(self, folder: Path) -> None:
        self.source, self.to, self.work = folder / "in.csv", folder / "out.csv", folder / "work"
        self.write("text number")

    def write(self, words: str) -> None:
        """Make the file; every tenth row has no text, and some hold line ends."""
        rows = [f'{number},"{words},\n{number}"\n' for number in range(ROWS_IN_ALL)]
        rows[9::10] = [f'{number},""\n' for number in range(9, ROWS_IN_ALL, 10)]
        self.source.write_text("id,text\n" + "".join(rows))

    def answer(self, model: Counting, progress: Callable[[int, int], None] | None = None) -> PredictedFile:
        """Answer it, or go on with it."""
        request = FileRequest(self.source, self.to, {"text": "text"}, overwrite=True, rows_per_piece=PIECE)
        return predict_file(request, model.answerer, progress, work=self.work)

    def undisturbed(self) -> bytes:
        """The result of one go, without a work folder."""
        to = self.to.with_name("undisturbed.csv")
        predict_file(
            FileRequest(self.source, to, {"text": "text"}, rows_per_piece=PIECE), Counting().answerer
        )
        return to.read_bytes()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A file that was answered as far as its third piece when everything ended."""
    found = Desk(tmp_path)
    with pytest.raises(Interrupted):
        found.answer(Counting(pieces=3))
    assert not found.to.exists()
    return found


def test_what_was_interrupted_goes_on_after_its_last_whole_piece(desk: Desk) -> None:
    model, told = Counting(), list[tuple[int, int]]()
    made = desk.answer(model, lambda done, rows: told.append((done, rows)))
    assert desk.to.read_bytes() == desk.undisturbed()
    assert model.asked == [f"text number,\n{number}" for number in range(30, ROWS_IN_ALL) if number % 10 != 9]
    assert (made.rows, made.unanswered) == (ROWS_IN_ALL, 9)
    assert told[0] == (30, ROWS_IN_ALL) and told == sorted(told)


def test_it_may_be_interrupted_again_and_again(desk: Desk) -> None:
    for _ in range(3):
        with pytest.raises(Interrupted):
            desk.answer(Counting(pieces=2))
    model = Counting()
    desk.answer(model)
    assert len(model.asked) == 5
    assert desk.to.read_bytes() == desk.undisturbed()


def test_half_a_piece_that_was_written_is_written_anew(desk: Desk) -> None:
    with (desk.work / ROWS).open("ab") as stream:
        stream.write(b"30,half a r")
    desk.answer(Counting())
    assert desk.to.read_bytes() == desk.undisturbed()


def test_another_source_model_or_column_is_answered_from_the_start(desk: Desk) -> None:
    model = Counting(fingerprint="another")
    desk.answer(model)
    assert len(model.asked) == 86
    desk.write("other text")
    model = Counting(fingerprint="another")
    desk.answer(model)
    assert len(model.asked) == 86
    assert desk.to.read_bytes() == desk.undisturbed()


@pytest.mark.parametrize("damage", ["rows", "cut rows", "note", "no rows"])
def test_what_is_not_as_it_was_written_is_not_gone_on_with(desk: Desk, damage: str) -> None:
    rows, note = desk.work / ROWS, desk.work / NOTE
    if damage == "rows":
        rows.write_bytes(rows.read_bytes().replace(b"odd", b"bad", 1))
    elif damage == "cut rows":
        rows.write_bytes(rows.read_bytes()[:-1])
    elif damage == "note":
        note.write_text(note.read_text()[:-5])
    else:
        rows.unlink()
    model = Counting()
    desk.answer(model)
    assert len(model.asked) == 86
    assert desk.to.read_bytes() == desk.undisturbed()


def test_a_result_whose_end_was_not_heard_of_is_not_answered_again(desk: Desk) -> None:
    desk.answer(Counting())
    made = desk.to.read_bytes()
    model = Counting()
    assert desk.answer(model).unanswered == 9
    assert (model.asked, desk.to.read_bytes()) == ([], made)


def test_the_mark_of_an_encoding_stands_once_however_often_it_is_interrupted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for encoding in ("utf-16", "utf-8-sig", "gb18030"):
        desk.write(f"text 卡 {encoding}")
        desk.source.write_bytes(desk.source.read_text().encode(encoding))
        with pytest.raises(Interrupted):
            desk.answer(Counting(pieces=4))
        desk.answer(Counting())
        assert desk.to.read_bytes() == desk.undisturbed()
        assert desk.to.read_bytes().decode(encoding).count("卡") == 86
        desk.to.with_name("undisturbed.csv").unlink()


def test_a_note_says_how_far_it_is(desk: Desk) -> None:
    note = json.loads((desk.work / NOTE).read_text())
    assert (note["rows"], note["unanswered"]) == (30, 3)
    assert note["size"] == (desk.work / ROWS).stat().st_size


MEASURE = """
import resource, sys
from pathlib import Path
import numpy as np
from studio.prediction.answers import Answerer
from studio.prediction.tables import FileRequest, predict_file
from studio.tasks.base import Row
source, to = map(Path, sys.argv[1:])
halves = Answerer(("no", "yes"), lambda rows, tell: np.full((len(rows), 2), 0.5))
made = predict_file(FileRequest(source, to), halves)
print(made.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_ten_times_the_rows_take_hardly_more_memory(tmp_path: Path, kind: str) -> None:
    def peak_megabytes(rows: int) -> int:
        source = tmp_path / f"{rows}.{kind}"
        with source.open("w") as stream:
            stream.write("id,text\n" if kind == "csv" else "")
            for number in range(rows):
                text = f"message number {number} is about one thing or another"
                record = {"id": number, "text": text}
                stream.write(f"{number},{text}\n" if kind == "csv" else f"{json.dumps(record)}\n")
        program = [sys.executable, "-c", MEASURE, str(source), str(tmp_path / "out.csv")]
        done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
        (tmp_path / "out.csv").unlink()
        assert int(done.stdout.split()[0]) == rows
        return int(done.stdout.split()[1])

    assert peak_megabytes(300_000) < 1.15 * peak_megabytes(30_000)
