"""A name leads to a folder, or to a sentence; nothing here uses the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.checkpoints.catalogue import load_catalogue
from studio.checkpoints.hub import HubFacts, HubFile
from studio.checkpoints.resolve import (
    BUILT_IN,
    LOCAL_FOLDER,
    NEEDS_NETWORK,
    OWN_MODEL,
    STATES,
    refuse_full_disk,
    resolve,
    state_of,
)
from studio.errors import InvalidInput, NotFound, Unavailable
from studio.settings import Settings
from tests.checkpoints.loopback_hub import LoopbackHub


def test_the_built_in_checkpoint_is_ready(settings: Settings) -> None:
    found = resolve(" minilm-l6 ", settings)
    assert (found.ready, found.source, found.state, found.id) == (True, "builtin", BUILT_IN, "minilm-l6")


def test_every_checkpoint_of_the_catalogue_resolves_without_the_network(
    settings: Settings, hub: LoopbackHub
) -> None:
    for checkpoint in load_catalogue().values():
        found = resolve(checkpoint.id, settings)
        assert found.checkpoint is checkpoint
        assert found.ready or (found.sentence and found.hint)
        assert found.state == state_of(checkpoint, settings)
        assert found.state in STATES
    assert hub.seen == []


def test_a_local_folder_is_ready(settings: Settings, tiny_bert: Path) -> None:
    found = resolve(str(tiny_bert), settings)
    assert (found.ready, found.source, found.state, found.folder) == (True, "folder", LOCAL_FOLDER, tiny_bert)
    assert found.checkpoint.title == "tiny-bert"


def test_a_path_that_is_not_there_says_so(settings: Settings) -> None:
    with pytest.raises(InvalidInput, match="There is no folder '/no/such/place'"):
        resolve("/no/such/place", settings)


def test_an_own_model_is_found_by_name(settings: Settings, tiny_bert: Path) -> None:
    found = resolve("tickets-1", settings, {"tickets-1": tiny_bert}.get)
    assert (found.ready, found.source, found.state, found.id) == (True, "model", OWN_MODEL, "tickets-1")


def test_a_catalogue_name_wins_over_a_model_of_the_same_name(settings: Settings, tiny_bert: Path) -> None:
    assert resolve("minilm-l6", settings, {"minilm-l6": tiny_bert}.get).source == "builtin"


def test_a_hub_id_outside_the_catalogue_needs_the_network(settings: Settings) -> None:
    found = resolve("some-org/some-bert", settings)
    assert (found.ready, found.source, found.state) == (False, "hub", NEEDS_NETWORK)
    assert found.checkpoint.repo == "some-org/some-bert"
    assert found.checkpoint.licence == ""


def test_a_misspelt_name_gets_the_nearest_one(settings: Settings) -> None:
    with pytest.raises(
        NotFound, match="No checkpoint, folder or model is called 'bert-base-uncase'"
    ) as caught:
        resolve("bert-base-uncase", settings)
    assert "Did you mean 'bert-base-uncased'?" in caught.value.hint


@pytest.mark.parametrize("name", ["", "  ", "a b/c", "a/b/c", "../../etc"])
def test_odd_names_get_a_sentence(settings: Settings, name: str) -> None:
    with pytest.raises((NotFound, InvalidInput)):
        resolve(name, settings)


@pytest.mark.parametrize(
    "name",
    ["~nosuchuser/x", "/" + "x" * 5000, "x" * 5000, "org/" + "x" * 5000, "./a\0b", "a\0b"],
    ids=["unknown user", "long path", "long name", "long hub id", "zero byte", "zero byte in a name"],
)
def test_a_name_that_no_folder_can_have_gets_a_short_sentence(settings: Settings, name: str) -> None:
    with pytest.raises(NotFound) as caught:
        resolve(name, settings)
    assert caught.value.hint and len(caught.value.message) < 160


def test_a_disk_too_small_is_said_before_the_download(settings: Settings) -> None:
    facts = HubFacts("a/b", "0", {}, "safetensors", (HubFile("model.safetensors", 10**18),))
    with pytest.raises(Unavailable, match=r"'a/b' needs 1000000000\.00 GB, and the disk has"):
        refuse_full_disk(facts, settings)
