"""Datasets and models of which the folder is there and the row is not: they are entered again."""

from __future__ import annotations

from sqlalchemy import Engine

from studio.data.dataset import Dataset
from studio.data.library import Library
from studio.errors import StudioError
from studio.files import read_json, write_json
from studio.prediction.forms import folder_of_form
from studio.records.datasets import DatasetStore
from studio.records.models import ModelRecord, ModelStore
from studio.records.schema import look_through_once
from studio.settings import Settings

RECORD = "record.json"


def adopt_at_first(settings: Settings, engine: Engine) -> None:
    """Enter what is there already, where the database is a new one."""
    look_through_once(engine, lambda: adopt(settings, engine))


def adopt(settings: Settings, engine: Engine) -> None:
    """Enter every dataset and model whose folder is whole and that the database does not know.

    One whose name is taken gets the first free one of name-2, name-3 ...
    """
    library, datasets, models = Library(settings.datasets_dir), DatasetStore(engine), ModelStore(engine)
    for dataset in sorted(find_datasets(library), key=lambda one: (one.version, one.created_at)):
        if datasets.by_id(dataset.id) is None:
            datasets.adopt(dataset)
    for path in sorted(settings.models_dir.glob(f"*/{RECORD}")):
        record = find_model(settings, path.parent.name)
        if record is not None and models.by_id(record.id) is None:
            models.adopt(record)


def find_datasets(library: Library) -> list[Dataset]:
    """The datasets that are there in full and can be read."""
    found = []
    for dataset_id in library.ids():
        try:
            found.append(library.load(dataset_id))
        except (StudioError, OSError, KeyError, TypeError):
            continue  # it stays where it is, and a person may look into it
    return [dataset for dataset in found if (library.datasets_dir / dataset.id).is_dir()]


def find_model(settings: Settings, model_id: str) -> ModelRecord | None:
    """What is noted beside a model's files; None where that cannot be read or is of another one."""
    try:
        value = read_json(settings.models_dir / model_id / RECORD, "The record of this model")
        record = ModelRecord.from_json(value)
    except (StudioError, OSError, KeyError, TypeError, ValueError):
        return None
    return record if record.id == model_id and (settings.models_dir / model_id / "folder").is_dir() else None


def note_models(settings: Settings, engine: Engine) -> None:
    """Note beside the files of each model what the database knows of it, where that is not noted yet."""
    for record in ModelStore(engine).list():
        note_model(settings, record)


def note_model(settings: Settings, record: ModelRecord) -> None:
    """The same for one model."""
    folder = settings.models_dir / record.id
    if folder.is_dir() and find_model(settings, record.id) != record:
        write_json(folder / RECORD, record.to_json())


def drop_rows_without_files(settings: Settings, engine: Engine) -> None:
    """Forget the datasets and models whose files are not there."""
    library, datasets = Library(settings.datasets_dir), DatasetStore(engine)
    for dataset_id in datasets.ids() - set(library.ids()):
        datasets.delete_version(dataset_id)
    models = ModelStore(engine)
    for record in models.list():
        if not (settings.models_dir / record.id / "folder").is_dir():
            models.delete(record.name)
    drop_forms_without_files(settings, engine)


def drop_forms_without_files(settings: Settings, engine: Engine) -> None:
    """Have the models whose compiled form is not there answer by their plain one."""
    models = ModelStore(engine)
    for record in models.list():
        if record.compiled is None:
            continue
        if not folder_of_form(settings.models_dir / record.id, record.compiled.id).is_dir():
            models.set_form(record.id, None)
