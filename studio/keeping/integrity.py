"""Whether everything in a home is as it was written: database, datasets and models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from jobs.database import make_engine
from studio.data.dataset import Dataset
from studio.data.fingerprints import fingerprint, fingerprint_rows
from studio.data.library import Library
from studio.errors import StudioError
from studio.keeping.database import check_pages, has_wrong_start
from studio.records.datasets import DatasetStore
from studio.records.models import ModelStore
from studio.settings import Settings

CHECK_SECONDS = 3600.0


def check_home(home: Path) -> list[str]:
    """Everything that is wrong, a sentence each; empty where all is sound. Reads every row there is."""
    settings = Settings(home=home)
    path = settings.database_path
    if not path.exists():
        return [f"There is no studio in {home}."]
    why = "it does not begin as a database does" if has_wrong_start(path) else None
    why = why or check_pages(path, "integrity_check", CHECK_SECONDS)
    if why is not None:
        return [f"The database is damaged: {why}."]
    engine = make_engine(settings.database_url)
    try:
        datasets, models = DatasetStore(engine), ModelStore(engine)
        found = [
            sentence for one in sorted(datasets.ids()) for sentence in check_dataset(settings, datasets, one)
        ]
        for model in models.list():
            if not (settings.models_dir / model.id / "folder").is_dir():
                found.append(f"The files of the model '{model.name}' are not there.")
        return found
    finally:
        engine.dispose()


def check_dataset(settings: Settings, rows: DatasetStore, dataset_id: str) -> Iterator[str]:
    """What is wrong with the files of a dataset: each split is read and compared with its hash."""
    dataset = rows.by_id(dataset_id)
    if dataset is None:
        return  # deleted meanwhile
    library = Library(settings.datasets_dir)
    try:
        library.load(dataset_id)
    except StudioError as error:
        yield f"The dataset '{dataset.address}': {error.message}"
        return
    found = {}
    for split in dataset.rows:
        try:
            found[split] = fingerprint_rows(library.frame(dataset_id, split))
        except (OSError, pa.ArrowException) as error:
            kind = type(error).__name__
            yield f"The {split} rows of the dataset '{dataset.address}' cannot be read ({kind})."
    yield from compare(dataset, found)


def compare(dataset: Dataset, found: dict[str, str]) -> Iterator[str]:
    """The splits whose rows are others than those that were imported."""
    for split, hashed in found.items():
        expected = dataset.split_fingerprints.get(split)
        if expected is not None and expected != hashed:
            yield f"The {split} rows of the dataset '{dataset.address}' are not those that were imported."
    if (
        set(found) == set(dataset.rows)
        and fingerprint(dataset.task, dataset.labels, found) != dataset.fingerprint
    ):
        yield f"The dataset '{dataset.address}' is not the one that was imported: its fingerprint differs."
