"""A dataset of a hub becomes one table with its splits, by the real library in a process of its own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest

from studio.data.importing import ImportRequest, prepare_import
from studio.data.sources import Fetched, SourceRules, fetch_source
from studio.errors import InvalidInput, NotFound, StudioError, TooLarge, Unavailable
from studio.services.sources import with_source
from tests.data.sources.loopback_datasets import DatasetHub, serve_hub

pytestmark = pytest.mark.slow
ROWS = "".join(f"text number {n},{'ab'[n % 2]}\n" for n in range(40))


def classes() -> bytes:
    """A Parquet file with a label as a class, a list and a number."""
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["bad", "good"]),
            "tags": datasets.List(datasets.Value("string")),
            "stars": datasets.Value("int32"),
        }
    )
    content = {"text": ["one", None], "label": [1, -1], "tags": [["x", "é"], []], "stars": [5, None]}
    stream = io.BytesIO()
    datasets.Dataset.from_dict(content, features=features).to_parquet(stream)
    return stream.getvalue()


@pytest.fixture
def hub() -> Iterator[DatasetHub]:
    """A hub with datasets of several kinds."""
    configs = "".join(f"- config_name: {name}\n  data_files: {name}.csv\n" for name in ("en", "de"))
    card = f"---\nconfigs:\n{configs}---\n"
    repositories = {
        "ann/tickets": {
            "train.csv": f"text,label\n{ROWS}".encode(),
            "validation.csv": b"text,label\nvalid one,a\nvalid two,b\n",
            "test.csv": b"text,label\ntest one,a\ntest two,b\n",
        },
        "ann/classes": {"data/train-00000-of-00001.parquet": classes()},
        "ann/languages": {
            "README.md": card.encode(),
            "en.csv": b"text\nhello\n",
            "de.csv": b"text\nhallo\n",
        },
        "ann/script": {"script.py": b"print('never run')"},
        "ann/secret": {"train.csv": b"text\n"},
        "ann/pictures": {"note.bin": b"\0"},
    }
    with serve_hub(DatasetHub(repositories, gated={"ann/secret"})) as served:
        yield served


def fetch(address: str, hub: DatasetHub, folder: Path, **changes: object) -> Fetched:
    """Fetch from the hub."""
    rules = SourceRules(max_bytes=1_000_000, hub_endpoint=hub.url, total_seconds=60)
    return fetch_source(address, replace(rules, **changes), folder, lambda share, sentence: None)  # type: ignore[arg-type]


def test_the_splits_of_a_hub_dataset_are_kept(hub: DatasetHub, tmp_path: Path) -> None:
    fetched = fetch("hf:ann/tickets", hub, tmp_path, hub_token="hf_ours")
    assert (fetched.name, fetched.split_column) == ("ann--tickets.parquet", "split")
    assert "Bearer hf_ours" in hub.tokens
    assert list(tmp_path.iterdir()) == [fetched.path]
    prepared = prepare_import(with_source(ImportRequest(path=tmp_path, name="t"), fetched))
    assert prepared.rows == {"train": 40, "validation": 2, "test": 2}
    assert prepared.frames["test"]["text"].tolist() == ["test one", "test two"]
    assert prepared.files == {"all": "ann--tickets.parquet"}


def test_classes_become_their_names_and_lists_json(hub: DatasetHub, tmp_path: Path) -> None:
    rows = pq.read_table(fetch("hf:ann/classes", hub, tmp_path).path).to_pylist()
    assert rows == [
        {"text": "one", "label": "good", "tags": '["x", "é"]', "stars": "5", "split": "train"},
        {"text": "", "label": "", "tags": "[]", "stars": "", "split": "train"},
    ]


def test_a_configuration_is_chosen_by_name_and_asked_for_where_there_are_several(
    hub: DatasetHub, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="several configurations") as caught:
        fetch("hf:ann/languages", hub, tmp_path)
    assert "en, de" in caught.value.hint or "de, en" in caught.value.hint
    rows = pq.read_table(fetch("hf:ann/languages#de", hub, tmp_path).path).to_pylist()
    assert rows == [{"text": "hallo", "split": "train"}]


@pytest.mark.parametrize(
    ("address", "kind", "sentence"),
    [
        ("hf:ann/nothing", NotFound, "The hub has no dataset 'ann/nothing'"),
        ("hf:ann/secret", Unavailable, "gated"),
        ("hf:ann/script", InvalidInput, "made by a program"),
        ("hf:ann/pictures", StudioError, "'ann/pictures'"),
        ("hf:../etc", InvalidInput, "no name of a hub dataset"),
    ],
)
def test_what_cannot_be_fetched_is_said(
    address: str, kind: type[StudioError], sentence: str, hub: DatasetHub, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=sentence) as caught:
        fetch(address, hub, tmp_path)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_never_leads_to_files_or_addresses_of_this_machine(hub: DatasetHub, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("text\nnot for others\n")
    for place in (secret, f"{hub.url}/datasets/ann/tickets/resolve/main/train.csv"):
        card = f"---\nconfigs:\n- config_name: en\n  data_files: {place}\n---\n"
        hub.repositories["ann/thief"] = {"README.md": card.encode(), "a.csv": b"text\nx\n"}
        with pytest.raises(InvalidInput, match="cannot be read as a table"):
            fetch("hf:ann/thief", hub, tmp_path)


def test_limits_and_a_missing_network_are_said(hub: DatasetHub, tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="may be fetched"):
        fetch("hf:ann/tickets", hub, tmp_path, max_bytes=500)
    with pytest.raises(Unavailable, match="works offline"):
        fetch("hf:ann/tickets", hub, tmp_path, offline=True)
    with pytest.raises(Unavailable, match="within 0 seconds"):
        fetch("hf:ann/tickets", hub, tmp_path, total_seconds=0.1)
    with pytest.raises(Unavailable, match="cannot be reached"):
        fetch("hf:ann/tickets", hub, tmp_path, hub_endpoint="http://127.0.0.1:9")
