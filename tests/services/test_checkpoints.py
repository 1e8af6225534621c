"""Checkpoints are named so that the job that fetches one finds the same."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from studio.bootstrap import Studio, open_studio
from studio.checkpoints.resolve import NEEDS_NETWORK, resolve
from studio.pages.train.choices import checkpoint_cards
from studio.services.checkpoints import checkpoint_to_json
from studio.settings import Settings
from tests.checkpoints.tiny_encoders import as_pickle, make_encoder


def test_of_a_checkpoint_that_nobody_has_asked_the_hub_about_no_number_is_stated(
    studio: Studio, tmp_path: Path
) -> None:
    online = Settings(home=tmp_path / "other")
    with contextlib.closing(open_studio(online)) as opened:
        view = opened.checkpoints.get("some-org/some-encoder")
    shown = checkpoint_to_json(view)
    assert (shown["id"], shown["state"], shown["repo"]) == (
        "some-org/some-encoder",
        NEEDS_NETWORK,
        shown["id"],
    )
    for key in (
        "family",
        "language",
        "layers",
        "hidden",
        "heads",
        "parameters",
        "max_tokens",
        "download_bytes",
    ):
        assert shown[key] is None, key
    assert "not on this machine yet" in shown["sentence"] and "Training fetches it" in shown["hint"]
    assert "MB" not in shown["sentence"] + shown["hint"]
    card = checkpoint_cards([], {}, view)
    assert "some-org/some-encoder" in card and "layers" not in card


def test_a_checkpoint_that_is_here_needs_no_sentence(studio: Studio) -> None:
    shown = checkpoint_to_json(studio.checkpoints.get("minilm-l6"))
    assert (shown["layers"], shown["sentence"], shown["hint"]) == (6, None, None)


def test_a_folder_to_convert_is_the_same_folder_for_the_job_that_runs_elsewhere(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = as_pickle(make_encoder(tmp_path / "models" / "enc"))
    monkeypatch.chdir(tmp_path)
    job = studio.checkpoints.fetch("models/enc", allow_pickle=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = resolve(job.payload["checkpoint"], studio.settings)
    assert (found.source, found.folder) == ("folder", folder.resolve())
