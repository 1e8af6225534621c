"""Tables from elsewhere become datasets, by service, command and API; nothing fetched is left behind."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from studio.bootstrap import open_studio
from studio.data.importing import ImportRequest
from studio.data.sources import Fetched
from studio.data.splits import SplitPlan
from studio.errors import Conflict, InvalidInput, TooLarge
from studio.services.folds import import_all
from studio.services.sources import SourceService, with_source
from studio.settings import Settings, read_folders
from tests.data.sources.loopback_web import reply, serve
from tests.data.tables import many_rows, write_table

CSV = "text,label\n" + "".join(f"text number {n},{'ab'[n % 2]}\n" for n in range(60))


def open_sources(tmp_path: Path, **changes: object) -> SourceService:
    """The service of a home that allows addresses of this machine."""
    settings = Settings(home=tmp_path / "home", private_url_hosts=("127.0.0.1",))
    return SourceService(replace(settings, **changes))  # type: ignore[arg-type]


def test_a_fetched_table_is_there_for_the_block_alone(tmp_path: Path) -> None:
    sources = open_sources(tmp_path)
    with serve(reply(CSV.encode())) as server, sources.fetched(f"{server}/t.csv") as fetched:
        assert fetched.path.read_text() == CSV
    assert not fetched.path.exists()
    assert list((tmp_path / "home" / "uploads").iterdir()) == []


def test_the_limit_of_uploads_holds_for_what_is_fetched(tmp_path: Path) -> None:
    sources = open_sources(tmp_path, max_upload_bytes=100)
    assert sources.rules.max_bytes == 100
    with (
        serve(reply(CSV.encode())) as server,
        pytest.raises(TooLarge, match="larger than"),
        sources.fetched(f"{server}/t.csv"),
    ):
        pass


def test_tables_in_open_folders_are_listed_and_stay_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    path = write_table(tmp_path / "open" / "t.csv", [("text", "label"), *many_rows(60)])
    sources = open_sources(tmp_path, data_folders=(tmp_path / "open",))
    (table,) = sources.tables()
    with sources.fetched(table.address) as fetched:
        assert fetched.path == path
    assert path.exists()


def test_splits_that_a_hub_dataset_came_with_are_kept_unless_another_way_is_asked_for(tmp_path: Path) -> None:
    fetched = Fetched(tmp_path / "x.parquet", "x.parquet", "split")
    request = ImportRequest(path=Path(), name="x", seed=3)
    assert with_source(request, fetched).plan == SplitPlan("column", seed=3, column="split")
    grouped = replace(request, plan=SplitPlan("groups", column="user"))
    assert with_source(grouped, fetched).plan == grouped.plan
    assert with_source(request, fetched).file_name == "x.parquet"


def test_folders_of_the_environment_must_be_whole_paths_of_folders(tmp_path: Path) -> None:
    assert read_folders(f"{tmp_path}:/") == (tmp_path, Path("/"))
    assert read_folders("") == ()
    for wrong in ("data", str(tmp_path / "missing")):
        with pytest.raises(InvalidInput, match="STUDIO_DATA_FOLDERS"):
            read_folders(wrong)


def test_folds_become_datasets_of_their_own_or_none(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", [("text", "label"), *many_rows(90)])
    request = ImportRequest(path=path, name="t", plan=SplitPlan("folds", folds=3))
    with closing(open_studio(Settings(home=tmp_path / "home"))) as studio:
        made = import_all(studio.datasets, request)
        assert [dataset.name for dataset in made] == ["t-fold-1", "t-fold-2", "t-fold-3"]
        assert [dataset.rows["test"] for dataset in made] == [30, 30, 30]
        tested = [row["text"] for dataset in made for row in studio.datasets.asked(dataset.name, "test")]
        assert len(tested) == len(set(tested)) == 90
        codes = {problem.code for dataset in made for problem in dataset.problems}
        assert "incomparable_split" not in codes
        with pytest.raises(Conflict, match="t-fold-1"):
            import_all(studio.datasets, request)
        other = studio.datasets.import_file(ImportRequest(path=path, name="other", seed=9))
        assert "incomparable_split" in [problem.code for problem in other.problems]
