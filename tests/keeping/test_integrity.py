"""A deep look finds every file that is not as it was written, and says so in a sentence."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from studio.bootstrap import open_studio
from studio.cli.main import main
from studio.keeping.integrity import check_home
from studio.settings import Settings
from tests.keeping.homes import fill_home


@pytest.fixture
def filled(settings: Settings, small_table: Path) -> Settings:
    """A home with something of everything."""
    fill_home(settings, small_table)
    return settings


def test_a_sound_home_has_nothing_wrong(filled: Settings) -> None:
    assert check_home(filled.home) == []


def test_a_home_without_a_studio_is_said(tmp_path: Path) -> None:
    assert check_home(tmp_path) == [f"There is no studio in {tmp_path}."]


def test_rows_that_were_changed_or_cut_are_found(filled: Settings) -> None:
    (path,) = filled.datasets_dir.glob("*/train.parquet")
    content = path.read_bytes()
    table = pq.read_table(path)
    texts = pa.array(["another text", *table["text"].to_pylist()[1:]])
    pq.write_table(table.set_column(table.schema.get_field_index("text"), "text", texts), path)
    assert "The train rows of the dataset 'small@1' are not those that were imported." in check_home(
        filled.home
    )
    path.write_bytes(content[: len(content) // 2])
    (found,) = check_home(filled.home)
    assert found.startswith("The train rows of the dataset 'small@1' cannot be read")


def test_files_that_are_gone_are_found(filled: Settings) -> None:
    for path in (*filled.models_dir.iterdir(), *filled.datasets_dir.iterdir()):
        shutil.rmtree(path)
    found = check_home(filled.home)
    assert len(found) == 2 and "small@1" in found[0] and "'kept'" in found[1]


def test_a_damaged_database_is_found(filled: Settings) -> None:
    content = filled.database_path.read_bytes()
    for spoilt in (b"nonsense" + content[8:], content[: len(content) // 2]):
        filled.database_path.write_bytes(spoilt)
        (found,) = check_home(filled.home)
        assert found.startswith("The database is damaged")


def test_doctor_looks_deep_on_request(filled: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--home", str(filled.home), "doctor", "--deep"])
    assert "are as they were written" in capsys.readouterr().out
    with contextlib.closing(open_studio(filled)) as studio:
        shutil.rmtree(filled.models_dir / studio.models.list()[0].id)
    assert main(["--home", str(filled.home), "doctor", "--deep"]) == 1
    assert "The files of the model 'kept' are not there." in capsys.readouterr().out
