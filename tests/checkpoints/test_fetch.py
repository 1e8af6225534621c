"""A checkpoint is brought here from a hub on loopback: with progress, resumed, verified, converted."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from studio.checkpoints import pickles
from studio.checkpoints.fetch import FetchProgress, fetch
from studio.checkpoints.hub import translated_errors
from studio.checkpoints.loading import load_encoder
from studio.checkpoints.resolve import (
    DOWNLOADED,
    LOCAL_FOLDER,
    NEEDS_NETWORK,
    check_reachable,
    resolve,
    state_of,
)
from studio.checkpoints.store import read_note
from studio.errors import InvalidInput, NotFound, Unavailable
from studio.settings import Settings
from tests.checkpoints.loopback_hub import LoopbackHub

REPO = "tiny-org/tiny-bert"
WEIGHTS = "model.safetensors"


class Stopped(Exception):
    """Raised by a test's progress report to stop a fetch."""


def test_a_checkpoint_is_fetched_with_progress_and_can_be_trained(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert)
    told: list[FetchProgress] = []
    folder = fetch(resolve(REPO, settings), settings, progress=told.append)
    assert (folder / WEIGHTS).read_bytes() == (tiny_bert / WEIGHTS).read_bytes()
    assert told[-1].fraction == 1.0
    assert told[-1].done_bytes == told[-1].total_bytes > 1_000_000
    assert told[-1].sentence == f"Fetching {REPO}: 1 MB of 1 MB"
    found = resolve(REPO, settings)
    assert (found.ready, found.state, found.folder) == (True, DOWNLOADED, folder)
    assert load_encoder(folder, "classification", ["a", "b"]).model.config.num_labels == 2


def test_only_the_files_a_training_needs_are_fetched(
    hub: LoopbackHub, settings: Settings, bert_copy: Path
) -> None:
    for name in ("pytorch_model.bin", "tf_model.h5", "README.md", "modeling_evil.py"):
        (bert_copy / name).write_bytes(b"not wanted")
    hub.add(REPO, bert_copy)
    folder = fetch(resolve(REPO, settings), settings)
    names = {path.name for path in folder.iterdir()}
    expected = {
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
        WEIGHTS,
        "fetched.json",
    }
    assert names == expected


def test_a_second_fetch_asks_the_hub_for_nothing(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert)
    first = resolve(REPO, settings)
    folder = fetch(first, settings)
    asked = len(hub.seen)
    assert fetch(first, settings) == fetch(resolve(REPO, settings), settings) == folder
    assert len(hub.seen) == asked


def test_a_download_that_breaks_off_goes_on_by_itself(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert)
    hub.break_off[WEIGHTS] = 600_000
    folder = fetch(resolve(REPO, settings), settings)
    assert (folder / WEIGHTS).read_bytes() == (tiny_bert / WEIGHTS).read_bytes()
    assert [one.range for one in hub.downloads(WEIGHTS)][-1] == "bytes=524288-"


def test_a_fetch_that_was_stopped_goes_on_where_it_was(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert)
    resolved = resolve(REPO, settings)

    def stop_in_the_weights(progress: FetchProgress) -> None:
        if list(settings.checkpoints_dir.rglob(f"{WEIGHTS}.part")):
            raise Stopped

    with pytest.raises(Stopped):
        fetch(resolved, settings, progress=stop_in_the_weights)
    part = next(settings.checkpoints_dir.rglob(f"{WEIGHTS}.part"))
    part.write_bytes((tiny_bert / WEIGHTS).read_bytes()[:700_000])
    assert resolve(REPO, settings).state == NEEDS_NETWORK
    seen = len(hub.seen)
    folder = fetch(resolved, settings)
    later = [one for one in hub.seen[seen:] if one.method == "GET" and "cdn" in one.path]
    assert [one.range for one in later] == ["bytes=700000-"]
    assert (folder / WEIGHTS).read_bytes() == (tiny_bert / WEIGHTS).read_bytes()


def test_a_new_revision_does_not_mix_with_the_old_part(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert)
    old = settings.checkpoints_dir / "partial" / "tiny-org--tiny-bert" / "0123456789abcdef"
    old.mkdir(parents=True)
    (old / f"{WEIGHTS}.part").write_bytes(b"old")
    fetch(resolve(REPO, settings), settings)
    assert not old.exists()


def test_damaged_bytes_are_never_used(hub: LoopbackHub, settings: Settings, tiny_bert: Path) -> None:
    hub.add(REPO, tiny_bert)
    hub.damage.add(WEIGHTS)
    with pytest.raises(Unavailable, match=r"model\.safetensors of 'tiny-org/tiny-bert' arrived damaged"):
        fetch(resolve(REPO, settings), settings)
    hub.damage.clear()
    assert resolve(REPO, settings).state == NEEDS_NETWORK
    assert fetch(resolve(REPO, settings), settings).is_dir()


def test_a_checkpoint_of_the_catalogue_is_fetched_by_its_short_name(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add("google-bert/bert-base-uncased", tiny_bert)
    found = resolve("bert-base-uncased", settings)
    assert (found.ready, found.state) == (False, NEEDS_NETWORK)
    assert found.sentence == "'BERT base, uncased' is not on this machine yet."
    assert "first: 438 MB" in found.hint
    fetch(found, settings)
    assert resolve("bert-base-uncased", settings).ready
    assert resolve("google-bert/bert-base-uncased", settings).ready
    assert state_of(found.checkpoint, settings) == DOWNLOADED


@pytest.mark.slow
def test_a_pickle_waits_for_agreement_and_is_converted_once(
    hub: LoopbackHub, settings: Settings, tiny_pickle: Path, tiny_bert: Path
) -> None:
    hub.add("hfl/chinese-roberta-wwm-ext", tiny_pickle)
    found = resolve("chinese-roberta-wwm-ext", settings)
    assert found.needs_agreement and not found.ready
    assert "comes only as a pickle" in found.sentence
    with pytest.raises(InvalidInput, match="comes only as a pickle"):
        fetch(found, settings)
    folder = fetch(found, settings, allow_pickle=True)
    assert not list(folder.glob("*.bin"))
    ready = resolve("chinese-roberta-wwm-ext", settings)
    assert ready.ready and ready.notes[0] == pickles.CONVERTED
    assert ready.notes[1] == "10 weights with old names were renamed."
    notes = load_encoder(folder, "classification", ["a", "b"]).notes
    assert pickles.CONVERTED in notes


def test_a_pickle_of_a_hub_id_outside_the_catalogue_is_found_before_the_queue(
    hub: LoopbackHub, settings: Settings, tiny_pickle: Path
) -> None:
    hub.add(REPO, tiny_pickle)
    found = resolve(REPO, settings)
    with pytest.raises(InvalidInput, match="comes only as a pickle"):
        check_reachable(found, settings, allow_pickle=False)
    facts = check_reachable(found, settings)
    assert facts is not None and facts.weights == "pickle"
    assert resolve(REPO, settings).needs_agreement


@pytest.mark.slow
def test_a_pickle_that_hides_a_program_is_not_opened(
    hub: LoopbackHub, settings: Settings, bert_copy: Path, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    (bert_copy / WEIGHTS).unlink()
    (bert_copy / "pytorch_model.bin").write_bytes(evil_pickle(trap))
    hub.add(REPO, bert_copy)
    with pytest.raises(InvalidInput, match="holds more than weights"):
        fetch(resolve(REPO, settings), settings, allow_pickle=True)
    assert not trap.exists()
    assert not resolve(REPO, settings).ready


def evil_pickle(trap: Path) -> bytes:
    """Write a pickle that would make a file if it were opened the careless way."""
    import pickle

    class Evil:
        def __reduce__(self) -> tuple:
            return Path.touch, (trap,)

    return pickle.dumps({"weight": Evil()})


@pytest.mark.slow
def test_a_local_folder_with_a_pickle_is_copied_and_left_alone(settings: Settings, tiny_pickle: Path) -> None:
    found = resolve(str(tiny_pickle), settings)
    assert found.needs_agreement and not found.ready
    assert check_reachable(found, settings) is None
    with pytest.raises(InvalidInput, match="comes only as a pickle"):
        check_reachable(found, settings, allow_pickle=False)
    copy = fetch(found, settings, allow_pickle=True)
    assert (tiny_pickle / "pytorch_model.bin").is_file() and not list(tiny_pickle.glob("*.safetensors"))
    ready = resolve(str(tiny_pickle), settings)
    assert (ready.ready, ready.folder, ready.state) == (True, copy, LOCAL_FOLDER)
    note = read_note(copy)
    assert note is not None and note.source == str(tiny_pickle.resolve())


def test_a_missing_repository_is_named(settings: Settings) -> None:
    with pytest.raises(NotFound, match="The hub has no checkpoint 'tiny-org/nothing'"):
        check_reachable(resolve("tiny-org/nothing", settings), settings)


def test_a_gated_repository_says_where_to_agree(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert, gated=True, token="hf_good")
    with pytest.raises(Unavailable, match="is gated: its owners want you to agree") as caught:
        check_reachable(resolve(REPO, settings), settings)
    assert f"{hub.url}/{REPO}" in caught.value.hint


def test_the_studio_s_token_opens_a_gated_repository(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert, gated=True, token="hf_good")
    known = replace(settings, hub_token="hf_good")
    assert fetch(resolve(REPO, known), known).is_dir()


def test_a_private_repository_reads_as_missing_and_speaks_of_the_token(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert, token="hf_good")
    with pytest.raises(NotFound, match="or it is a private one") as caught:
        check_reachable(resolve(REPO, settings), settings)
    assert "HF_TOKEN" in caught.value.hint


def test_a_hub_in_trouble_is_quoted_with_its_status(hub: LoopbackHub, settings: Settings) -> None:
    hub.status = 503
    with pytest.raises(Unavailable, match=r"answered with an error \(503\)"):
        check_reachable(resolve(REPO, settings), settings)
    hub.status = 429
    with pytest.raises(Unavailable, match="fewer requests"):
        check_reachable(resolve(REPO, settings), settings)


def test_an_unreachable_hub_is_a_sentence(settings: Settings) -> None:
    nobody = replace(settings, hub_endpoint="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"The hub at http://127\.0\.0\.1:9 cannot be reached") as caught:
        check_reachable(resolve(REPO, nobody), nobody)
    assert "minilm-l6" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), f"The disk is full: '{REPO}' did not fit"),
        (OSError("Consistency check failed"), f"The download of '{REPO}' broke off"),
    ],
)
def test_a_full_disk_and_a_short_file_are_sentences(
    settings: Settings, error: OSError, sentence: str
) -> None:
    with pytest.raises(Unavailable, match=sentence), translated_errors(REPO, settings):
        raise error


def test_offline_nothing_is_asked_and_what_is_here_still_works(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert)
    fetch(resolve(REPO, settings), settings)
    offline = replace(settings, offline=True)
    asked = len(hub.seen)
    assert resolve(REPO, offline).ready
    away = resolve("roberta-base", offline)
    assert away.sentence == "'RoBERTa base' is not on this machine, and the studio works offline."
    with pytest.raises(Unavailable, match="works offline"):
        check_reachable(away, offline)
    assert len(hub.seen) == asked


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"auto_map": {"AutoModel": "x.Y"}}, "brings its own program code"),
        ({"model_type": "llama"}, "writes texts and is no encoder"),
    ],
)
def test_a_repository_the_studio_cannot_train_is_refused_before_the_download(
    hub: LoopbackHub, settings: Settings, bert_copy: Path, changes: dict, sentence: str
) -> None:
    import json

    config = json.loads((bert_copy / "config.json").read_text()) | changes
    (bert_copy / "config.json").write_text(json.dumps(config))
    hub.add(REPO, bert_copy)
    with pytest.raises(InvalidInput, match=sentence):
        check_reachable(resolve(REPO, settings), settings)
    assert not hub.downloads(WEIGHTS)


def test_a_repository_without_config_is_no_model(
    hub: LoopbackHub, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table.csv").write_text("a,b")
    hub.add(REPO, tmp_path / "data")
    with pytest.raises(InvalidInput, match=r"has no config\.json: it is no transformers model"):
        check_reachable(resolve(REPO, settings), settings)


def test_the_hub_s_answer_is_remembered_for_the_plan(
    hub: LoopbackHub, settings: Settings, tiny_bert: Path
) -> None:
    hub.add(REPO, tiny_bert)
    before = resolve(REPO, settings)
    assert "assumes that of BERT base" in before.sentence
    check_reachable(before, settings)
    after = resolve(REPO, settings)
    assert (after.checkpoint.layers, after.checkpoint.hidden) == (2, 32)
    assert after.checkpoint.download_bytes > 1_000_000
    assert not after.ready
